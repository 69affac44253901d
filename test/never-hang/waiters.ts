/**
 * The columns of the table: ways to wait for a pool. Each puts the same work into a pool: some items of which one, the victim's,
 * meets with what the row says, while the others should not notice.
 */

import { type ExecutorOptions, type ProcessPoolExecutor, type ThreadPoolExecutor } from 'heddle';
import { mapOutcomes } from 'heddle/lowlevel';
import { type Fate, fateOf, until } from './fate.ts';
import { now } from './mark.ts';

export type Pool = ThreadPoolExecutor | ProcessPoolExecutor;

export interface Work {
  readonly pool: Pool;
  /** The pool with the settings of the victim. */
  readonly view: Pool;
  /** Meets with its fate at `doomed`, and returns any other number. */
  readonly victim: (item: number) => unknown;
  /** Gives the pool the rest of its work; called behind the victim. */
  readonly gather: () => void;
  /** Workers can start, so that a neighbour can begin before the victim. */
  readonly hasWorkers: boolean;
}

export interface Waiting {
  readonly victim: Promise<Fate>;
  /** Tasks that began before the victim and go on until `release`. */
  readonly neighbours: readonly Promise<Fate>[];
  /** All others, with what each should give. */
  readonly others: Promise<readonly (Fate & { readonly expected: unknown })[]>;
  /** The pool was told to shut down, and a waiter waits for that. */
  readonly shutdown?: Promise<Fate>;
  release(): void;
}

export interface Waiter {
  readonly name: string;
  readonly options: ExecutorOptions;
  /** How many tasks meet with the fate. */
  readonly victims: number;
  /** Neighbours are in the worker of the victim. */
  readonly sharesWorker?: true;
  /** An item that fails ends the whole of it, and what aborts an item aborts the whole. */
  readonly isWhole?: true;
  begin(work: Work): Promise<Waiting>;
}

/** The item of the victim. */
export const doomed = 7;
const items = 16;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

type Others = Waiting['others'];

async function submitted(pool: Pool, fn: (item: number) => unknown, which: readonly number[]): Promise<Awaited<Others>> {
  return Promise.all(which.map(async (item) => ({ ...(await fateOf(pool.submit(fn, item))), expected: item })));
}

async function both(a: Others, b: Others): Others {
  return [...(await a), ...(await b)];
}

const none: Others = Promise.resolve([]);
const nothing = { neighbours: [], release: (): void => {} };

/** A neighbour at work, then the victim, and others that wait. */
async function besides({ pool, view, victim, gather, hasWorkers }: Work): Promise<Waiting> {
  /** Goes on until it is released; nothing else ends it. */
  const neighbour = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve('alive');
      signal.addEventListener('abort', () => resolve('alive'), { once: true });
    });
  // A task whose modules are being imported has begun, and would be lost with its worker: they are imported now.
  await fateOf(pool.submit(victim, 0));
  const controller = new AbortController();
  const beside = pool.submit(neighbour, controller.signal);
  const fate = fateOf(beside);
  if (hasWorkers) await until(() => beside.running() || beside.done(), 'a neighbour at work');
  const doom = fateOf(view.submit(victim, doomed));
  gather();
  return {
    neighbours: [fate],
    victim: doom,
    others: submitted(pool, victim, range(doomed + 1, items)),
    release: () => controller.abort(),
  };
}

/**
 * As items that take their time: of tiny ones about a millisecond's worth is lost with a worker that is killed, by design, and
 * here nothing but the victim may be.
 */
export function unhurried({ victim: fn }: Pick<Work, 'victim'>): (item: number) => unknown {
  const item = doomed;
  const victim = (x: number): unknown => {
    const end = performance.now() + (x === item ? 0 : 1.5);
    while (performance.now() < end);
    return fn(x);
  };
  return victim;
}

async function followed(results: AsyncIterable<unknown>): Promise<{ fates: (Fate & { expected: unknown })[]; victim: Fate | undefined }> {
  const fates: (Fate & { expected: unknown })[] = [];
  let victim: Fate | undefined;
  let next = 0;
  try {
    for await (const value of results) {
      const fate = { ok: true, value, at: now() };
      if (next === doomed) victim = fate;
      else fates.push({ ...fate, expected: next });
      next++;
    }
  } catch (error) {
    victim = { ok: false, value: error, at: now() };
  }
  return { fates, victim };
}

const noVictim: Fate = { ok: false, value: new Error('the item of the victim never came'), at: 0 };

export const waiters: readonly Waiter[] = [
  {
    name: 'one task',
    options: { maxWorkers: 1 },
    victims: 1,
    begin: async ({ view, victim, gather }) => {
      const fate = fateOf(view.submit(victim, doomed));
      gather();
      return { ...nothing, victim: fate, others: none };
    },
  },
  {
    name: 'many wait',
    options: { maxWorkers: 1 },
    victims: 1,
    begin: async ({ pool, view, victim, gather }) => {
      const before = submitted(pool, victim, range(0, doomed));
      const fate = fateOf(view.submit(victim, doomed));
      gather();
      return { ...nothing, victim: fate, others: both(before, submitted(pool, victim, range(doomed + 1, items))) };
    },
  },
  { name: 'many in it', options: { maxWorkers: 1, tasksPerWorker: 4 }, victims: 1, sharesWorker: true, begin: besides },
  { name: '2 workers', options: { maxWorkers: 2 }, victims: 1, begin: besides },
  {
    name: 'map',
    options: { maxWorkers: 1 },
    victims: 1,
    isWhole: true,
    begin: async (work) => {
      const end = followed(work.view.map(unhurried(work), range(0, items), { bufferSize: items, chunkSize: 4 }));
      work.gather();
      return { ...nothing, victim: end.then((e) => e.victim ?? noVictim), others: end.then((e) => e.fates) };
    },
  },
  {
    name: 'unordered map',
    options: { maxWorkers: 2 },
    victims: 1,
    begin: async (work) => {
      const seen: (Fate | undefined)[] = [];
      const end = (async () => {
        const options = { bufferSize: items, chunkSize: 4, unordered: true };
        try {
          for await (const { index, ok, value } of mapOutcomes(work.view as never, unhurried(work), range(0, items), options)) {
            if (seen[index] !== undefined) throw new Error(`item ${index} came twice`);
            seen[index] = { ok, value, at: now() };
          }
        } catch (error) {
          seen[doomed] = { ok: false, value: error, at: now() };
          return;
        }
        for (let i = 0; i < items; i++) if (seen[i] === undefined) throw new Error(`item ${i} never came`);
      })();
      work.gather();
      return {
        ...nothing,
        victim: end.then(() => seen[doomed] ?? noVictim),
        others: end.then(() => seen.flatMap((fate, i) => (fate === undefined || i === doomed ? [] : [{ ...fate, expected: i }]))),
      };
    },
  },
  {
    name: 'broadcast',
    options: { maxWorkers: 2 },
    victims: 2,
    begin: async ({ pool, view, victim, gather }) => {
      const end = fateOf(view.broadcast(victim, doomed));
      gather();
      return {
        ...nothing,
        victim: end.then((fate) => (fate.ok ? { ...fate, value: (fate.value as unknown[])[0] } : fate)),
        others: submitted(pool, victim, range(items, items + 4)),
      };
    },
  },
  {
    name: 'stream',
    options: { maxWorkers: 1 },
    victims: 1,
    isWhole: true,
    begin: async ({ view, victim: fn, gather }) => {
      const count = items;
      const victim = async function* (): AsyncGenerator {
        for (let i = 0; i < count; i++) yield await fn(i);
      };
      const end = followed(view.stream(victim));
      gather();
      return { ...nothing, victim: end.then((e) => e.victim ?? noVictim), others: end.then((e) => e.fates) };
    },
  },
  {
    name: 'shutdown()',
    options: { maxWorkers: 2 },
    victims: 1,
    begin: async ({ pool, view, victim, gather }) => {
      const before = submitted(pool, victim, range(0, doomed));
      const fate = fateOf(view.submit(victim, doomed));
      gather();
      const after = submitted(pool, victim, range(doomed + 1, items));
      return { ...nothing, victim: fate, others: both(before, after), shutdown: fateOf(pool.shutdown()) };
    },
  },
];
