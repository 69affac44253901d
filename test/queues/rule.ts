/** A rule that queues keep, and what runs the table of them. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type AnyQueue, families, type Family, familyNames, type Feature } from './families.js';

/** How a family differs from a rule, and why; `holds` is what is true of it instead. */
interface Difference {
  readonly because: string;
  readonly holds?: (family: Family) => Promise<void> | void;
}

export interface Rule {
  /** The promise. */
  readonly name: string;
  /** The features that a family needs for it. */
  readonly needs?: readonly Feature[];
  /** Families for which it does not hold, by their names or the place of their queues. */
  readonly unlike?: Readonly<Record<string, Difference>>;
  readonly holds: (family: Family) => Promise<void> | void;
}

const patience = 60_000;

function differenceOf({ unlike = {} }: Rule, { name }: Family): Difference | undefined {
  return unlike[name] ?? unlike[name.split(' ')[0]!];
}

/** Each rule for each family that has what it needs. A difference has a line of its own, with the reason. */
export function holdRules(rules: readonly Rule[]): void {
  for (const family of families) {
    for (const rule of rules) {
      if (!(rule.needs ?? []).every((feature) => family.has.has(feature))) continue;
      const difference = differenceOf(rule, family);
      if (difference === undefined) test(`${family.name}: ${rule.name}`, { timeout: patience }, async () => rule.holds(family));
      else if (difference.holds !== undefined) {
        const { because, holds } = difference;
        test(`${family.name}, other than "${rule.name}": ${because}`, { timeout: patience }, async () => holds(family));
      }
    }
  }
  test('each difference that the rules name is that of a family', () => {
    const known = new Set(familyNames.flatMap((name) => [name, name.split(' ')[0]!]));
    for (const { name, unlike = {} } of rules) for (const key of Object.keys(unlike)) assert.ok(known.has(key), `${name}: ${key}`);
  });
}

/** The outcome of a call: its value, or its error. */
export async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

/** The call fails with an error of that class and exactly that text. */
export async function fails(call: () => unknown, name: string, message: string): Promise<void> {
  const error = await outcomeOf(call);
  assert.ok(error instanceof Error, `it gave ${String(error)}`);
  assert.deepEqual({ name: error.name, message: error.message }, { name, message });
}

/** All items that are there. */
export async function drain(queue: AnyQueue): Promise<unknown[]> {
  const items: unknown[] = [];
  while (!queue.empty()) items.push(await queue.get());
  return items;
}

/** Nothing waits. */
export function isIdle(queue: AnyQueue): void {
  for (const [name, number] of Object.entries(queue.statistics())) if (name.startsWith('waiting')) assert.equal(number, 0, name);
}

/** The event loop has had its turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
