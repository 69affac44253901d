/**
 * Faults planted on purpose: a module of `dist` is loaded with one line of it changed, in a process of its own, and the cases must fail. So it is
 * shown that they would find such a fault, and that the line is needed.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Fault {
  /** The promise that breaks then. */
  readonly what: string;
  /** In `dist`, such as `memory/wait/wait-queue.js`. */
  readonly file: string;
  /** Occurs once in it, and becomes `to`. */
  readonly from: string;
  readonly to: string;
  /** The case that finds it. */
  readonly by: string;
}

const dist = new URL('../../../src/', import.meta.url);
const runner = fileURLToPath(new URL('./run-cases.js', import.meta.url));

/** Changes one module while it is loaded: what `--import` runs. */
const loader = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
export async function load(url, context, next) {
  const loaded = await next(url, context);
  const fault = JSON.parse(process.env.HEDDLE_FAULT);
  if (url !== fault.url) return loaded;
  return { ...loaded, source: String(loaded.source).replace(fault.from, () => fault.to) };
}\`));`;

/** @param cases the module of cases, beside this one */
export function findFaults(cases: string, faults: readonly Fault[]): void {
  for (const { what, file, from, to, by } of faults) {
    test(`found: ${what}`, () => {
      const url = new URL(file, dist);
      assert.equal(readFileSync(url, 'utf8').split(from).length, 2, `${JSON.stringify(from)} is not once in ${file}`);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--conditions=model', `--import=data:text/javascript,${encodeURIComponent(loader)}`, runner, cases, by],
        { encoding: 'utf8', env: { ...process.env, HEDDLE_FAULT: JSON.stringify({ url: url.href, from, to }) }, timeout: 120_000 },
      );
      assert.equal(status, 3, `no case failed: ${stdout}${stderr}`);
    });
  }
}
