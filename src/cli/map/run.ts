/**
 * One run: items in, jobs to the workers, lines out.
 *
 *     input ──items──▶ jobs ──▶ workers ──outcomes──▶ journal ──▶ order ──lines──▶ output (standard output or a file)
 *        broken items ──┤                    │ failures             ▲
 *                       ├────────────────────┴──────▶ report        │
 *                       └── finished by an earlier run, says the journal
 *
 * The output pulls: a slow reader stops the workers, and they stop the reading. Memory holds at most the items that the pool holds at once,
 * and the results that may wait behind a slow one.
 */

import type { Input, Item } from '../items/source.ts';
import type { Journal } from '../journal/journal.ts';
import type { Failure, Job, Target } from './apply.ts';
import { describeError } from './describe-error.ts';
import type { Engine, Outcome } from './engine.ts';
import { Order } from './order.ts';
import type { Output } from './output.ts';
import type { Report } from './report.ts';

export interface Run {
  readonly input: Input;
  readonly engine: Engine;
  readonly target: Target;
  readonly output: Output;
  readonly report: Report;
  /** Results as they come, not in the order of the items. */
  readonly isUnordered: boolean;
  /** Further attempts that the engine gives an item; for messages. */
  readonly retries: number;
  readonly journal: Journal | undefined;
}

/** The state of the run, changed by the code that stops it. */
export interface RunState {
  /** Nothing new is taken; jobs that break off now have not failed. */
  isStopped: boolean;
  /** Items, broken ones and finished ones included. */
  taken: number;
  failures: number;
  written: number;
}

interface Begun {
  readonly item: Item;
  /** In the input, from 0. */
  readonly position: number;
}

export async function runMap(
  { input, engine, target, output, report, isUnordered, retries, journal }: Run,
  state: RunState,
): Promise<void> {
  /** By the number of the job; items that need no worker have none. */
  const begun = new Map<number, Begun>();
  const order = new Order();
  let index = 0;
  let inputError: { readonly error: unknown } | undefined;
  let isAtEnd = false;

  async function* jobs(): AsyncGenerator<Job> {
    try {
      for await (const items of input.items) {
        for (const item of items) {
          if (order.isFull) await order.room();
          if (state.isStopped) return;
          const position = state.taken++;
          if (item.broken !== undefined) {
            await fail(item, position, item.broken);
          } else if (!(await isFinished(item, position))) {
            begun.set(index++, { item, position });
            yield { target, item: item.value };
          }
        }
      }
      isAtEnd = !state.isStopped;
    } catch (error) {
      // Items read until then still count; the error is reported at the end.
      inputError = { error };
    }
  }

  /** Writes the result of an item that an earlier run finished. */
  async function isFinished(item: Item, position: number): Promise<boolean> {
    const found = journal?.resultOf(position, item);
    if (found === undefined) return false;
    const result = typeof found === 'string' ? found : await found;
    report.wasFinished();
    emit(position, result);
    if (output.isFull) await output.room();
    return true;
  }

  /** Here and below: a promise only if there is something to wait for, since that is rare and items are many. */
  function settle({ index: at, ok, value }: Outcome): Promise<void> | undefined {
    const job = begun.get(at);
    if (job === undefined) return undefined;
    begun.delete(at);
    const { item, position } = job;
    if (ok && typeof value === 'string') {
      report.succeeded();
      if (journal === undefined) emit(position, value);
      else journal.add(position, item, value, () => emit(position, value));
      return undefined;
    }
    if (!ok && state.isStopped) {
      emit(position, null);
      return undefined;
    }
    const tries = retries === 0 ? '' : `; tried ${retries + 1} times`;
    return fail(item, position, `${reasonOf(value)}${tries}`);
  }

  function fail(item: Item, position: number, reason: string): Promise<void> | undefined {
    state.failures++;
    emit(position, null);
    return report.failed(item, position + 1, reason);
  }

  function emit(position: number, result: string | null): void {
    if (!isUnordered) write(order.put(position, result));
    else if (result !== null) write([result]);
  }

  /** Never waits, so that lines keep their order for any caller. */
  function write(lines: readonly string[]): void {
    for (const line of lines) output.write(line);
    state.written += lines.length;
  }

  const outcomes = engine.outcomes(jobs());
  for (let next = await outcomes.next(); next.done !== true; next = await outcomes.next()) {
    const reported = settle(next.value);
    if (reported !== undefined) await reported;
    if (output.isFull) await output.room();
    if (journal?.isFull) await journal.flushed();
  }
  await journal?.flushed();
  write(order.rest());
  if (inputError !== undefined) throw inputError.error;
  if (journal === undefined) return;
  if (isAtEnd) journal.checkEnd(state.taken);
  if (!state.isStopped) return;
  for await (const result of journal.resultsFrom(state.taken)) {
    if (output.isFull) await output.room();
    if (output.isGone) return;
    write([result]);
  }
}

/** Describes the reason in words. An error of the function was described in the worker, where its stack is. */
function reasonOf(value: unknown): string {
  const { failed } = value as Partial<Failure>;
  // The pool's own words name the function it ran, which is ours: "applyTo has not ended within 300 ms".
  return typeof failed === 'string' ? failed : describeError(value).replace(/\bapply(To|OrThrow)\b/, 'it');
}
