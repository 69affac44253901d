/** The ways to die, in a `Pool` and a `ThreadPool`: waiters for `apply`, `map` or `imapUnordered`, one after the other in one pool. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool, ThreadPool } from 'heddle';
import { act, withMark } from './cell.ts';
import { type Fate, fateOf, within } from './fate.ts';
import { readMarks, striker } from './mark.ts';
import { type Kind, type Way, endsWell, kinds } from './table.ts';
import { doomed, unhurried } from './waiters.ts';
import { ways } from './ways.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;
const items = Array.from({ length: 12 }, (_, i) => i);

interface Call {
  readonly name: string;
  begin(pool: Pool, victim: (item: number) => unknown, settings: { timeout?: number; signal?: AbortSignal }): Promise<Fate>;
}

const calls: readonly Call[] = [
  { name: 'apply', begin: (pool, victim, settings) => fateOf(pool.apply(victim, [doomed], settings)) },
  { name: 'map', begin: (pool, victim, settings) => fateOf(pool.map(unhurried({ victim }), items, { ...settings, chunkSize: 3 })) },
  {
    name: 'imapUnordered',
    begin: async (pool, victim, settings) => {
      const results = pool.imapUnordered(unhurried({ victim }), items, { ...settings, chunkSize: 3 });
      const seen: unknown[] = [];
      let failure: Fate | undefined;
      for (let asked = 0; ; asked++) {
        assert.ok(asked <= items.length + 1, 'it never ends');
        const fate = await fateOf(results.next());
        if (!fate.ok) {
          failure ??= fate;
          continue;
        }
        const { done, value } = fate.value as IteratorResult<unknown>;
        if (done === true) break;
        seen.push(value);
      }
      assert.equal(new Set(seen).size, seen.length, 'no item came twice');
      return failure ?? { ok: true, value: seen, at: 0 };
    },
  },
];

async function tryCalls(way: Way, kind: Kind, path: string): Promise<void> {
  const options = typeof way.options === 'function' ? way.options(kind) : way.options;
  const { maxWorkers: _, ...rest } = options ?? {};
  const pool = kind === 'thread' ? new ThreadPool({ processes: 2, ...rest }) : new Pool({ processes: 2, ...rest });
  const { die, timeout, abort } = way;
  try {
    for (const call of calls) {
      const mark = `${path}-${call.name}`;
      const item = doomed;
      const strike = striker(mark);
      const victim = (x: number): unknown => (x === item ? die(strike) : x);
      const controller = new AbortController();
      const settings = { ...(timeout === undefined ? {} : { timeout }), ...(abort === undefined ? {} : { signal: controller.signal }) };
      const fate = call.begin(pool, victim, settings);
      await act(way, { victims: 1 }, mark, controller);
      way.victim(await within(fate, `the end of ${call.name}`), { kind, waiter: call, marks: readMarks(mark) });
      const further = await within(fateOf(pool.apply((x: number) => x + 1, [1])), 'a further call');
      (way.others ?? endsWell)(further, { kind, waiter: call, marks: [] });
    }
    pool.close();
    await within(pool.join(), 'the end of join()');
  } finally {
    await within(pool.terminate(), 'the end of terminate()');
  }
}

for (const group of isLong ? ['exits', 'stalls', 'unsendable', 'starts'] : ['exits', 'unsendable']) {
  for (const way of ways[group]!) {
    for (const kind of kinds.filter((each) => way.notFor?.[each] === undefined)) {
      test(`${kind}: ${way.name}: a call of a Pool hangs, or hears the wrong thing`, async () => {
        await withMark((path) => tryCalls(way, kind, path));
      });
    }
  }
}
