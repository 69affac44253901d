/**
 * The types of executors, for the compiler. This file is compiled, never run: a line that must not compile stands below `@ts-expect-error`,
 * and the build fails if it does.
 */

import {
  type CurrentTask,
  Executor,
  type ExecutorOptions,
  type Future,
  type MapResults,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  currentTask,
} from 'heddle';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same. */
declare function same<A, B>(proof: Same<A, B>): void;

export async function inference(pool: ThreadPoolExecutor | ProcessPoolExecutor): Promise<void> {
  const lengths = pool.map((x) => x.length, ['a']);
  same<typeof lengths, MapResults<number>>(true);

  const doubled = pool.map(async (n) => n * 2, [1]);
  same<typeof doubled, MapResults<number>>(true);

  const zipped = pool.map((word, n) => word.repeat(n), ['a'], new Set([1]), { chunkSize: 2 });
  same<typeof zipped, MapResults<string>>(true);
  const iterator: AsyncIterableIterator<string> = zipped;
  const list = zipped.toArray();
  same<typeof list, Promise<string[]>>(true);
  for await (const word of iterator) same<typeof word, string>(true);
  // @ts-expect-error a stream may be endless, and has no array
  void pool.stream(() => [1]).toArray();

  const sum = pool.submit((a: number, b: number) => a + b, 1, 2);
  same<typeof sum, Future<number>>(true);
  same<number, Awaited<typeof sum>>(true);

  const flat = pool.submit(async () => new Date());
  same<typeof flat, Future<Date>>(true);

  // @ts-expect-error an argument is of the wrong type
  void pool.submit((word: string) => word.length, 1);
  // @ts-expect-error an argument is missing
  void pool.submit((word: string) => word.length);
  // @ts-expect-error there is one argument too many
  void pool.submit((word: string) => word.length, 'a', 'b');
  // @ts-expect-error the items are of the wrong type
  void pool.map((word: string) => word.length, [1]);
  // @ts-expect-error this option does not exist
  void pool.map((n: number) => n, [1], { chunksize: 1 });
}

export async function views(pool: ThreadPoolExecutor | ProcessPoolExecutor, threads: ThreadPoolExecutor): Promise<void> {
  const view = threads.with({ timeout: 1000, key: 7, retries: 2, retryOn: (error) => error instanceof TypeError });
  same<typeof view, ThreadPoolExecutor>(true);
  const everywhere = await pool.broadcast((word: string) => word.length, 'a');
  same<typeof everywhere, number[]>(true);
  const task = currentTask();
  same<typeof task, CurrentTask | null>(true);
  void pool.map((n: number) => n, [1], { progress: ({ eta }) => eta?.toFixed(), signal: AbortSignal.timeout(1) });

  // @ts-expect-error an argument is of the wrong type
  void pool.broadcast((word: string) => word.length, 1);
  // @ts-expect-error this option does not exist
  void pool.with({ timout: 1 });
  // @ts-expect-error a key is a string or a number
  void pool.with({ key: {} });
  // @ts-expect-error statistics cannot be changed
  pool.statistics().failed = 0;
}

// @ts-expect-error this option does not exist
export const misspelt: Executor = new ThreadPoolExecutor({ workers: 1 });
// @ts-expect-error an executor as such cannot be made
export const abstract: Executor = new Executor();
// @ts-expect-error times and counts are numbers
export const wrong: Executor = new ProcessPoolExecutor({ maxWorkers: '2' });

const greet = (name: string, times: number): void => void name.repeat(times);
const alone = (): void => {};
export const initialized: readonly Executor[] = [
  new ThreadPoolExecutor({ initializer: greet, initArgs: ['a', 1] }),
  new ProcessPoolExecutor({ initializer: greet, initargs: ['a', 1], graceful: 1 }),
  new ThreadPoolExecutor({ initializer: alone, gracePeriod: 1 }),
  new ThreadPoolExecutor({ initializer: (name?: string) => void name }),
  // @ts-expect-error an argument of the initializer is of the wrong type
  new ThreadPoolExecutor({ initializer: greet, initArgs: ['a', 'b'] }),
  // @ts-expect-error so it is under the old name
  new ProcessPoolExecutor({ initializer: greet, initargs: [1, 1] }),
  // @ts-expect-error an argument of the initializer is missing
  new ThreadPoolExecutor({ initializer: greet, initArgs: ['a'] }),
  // @ts-expect-error all of them are
  new ThreadPoolExecutor({ initializer: greet }),
  // @ts-expect-error the initializer takes none
  new ProcessPoolExecutor({ initializer: alone, initArgs: [1] }),
];

export const options: ExecutorOptions = { initializer: greet, initArgs: ['a', 1] };
/** Options that were put together elsewhere, and a class of the user's own. */
export class Own extends ThreadPoolExecutor {
  constructor(given: ExecutorOptions = options) {
    super(given);
    same<typeof this.maxWorkers, number>(true);
    // @ts-expect-error it cannot be changed
    this.maxWorkers = 2;
  }
}

export const patient = (pool: Executor): Executor => pool.with({ retries: 1, backoff: (attempt: number) => 2 ** attempt });
// @ts-expect-error a backoff is a time
export const impatient = (pool: Executor): Executor => pool.with({ backoff: () => 'soon' });
