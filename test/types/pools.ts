/**
 * The types of pools, futures and waiting, for the compiler. This file is compiled, never run: a line that must not compile stands below
 * `@ts-expect-error`, and the build fails if it does.
 */

import { type AsyncResult, type Future, type ImapIterator, Pool, ThreadPool, asCompleted, wait } from 'heddle';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same. */
declare function same<A, B>(proof: Same<A, B>): void;

export async function inference(pool: Pool): Promise<void> {
  const sum = pool.apply((a: number, b: number) => a + b, [1, 2]);
  same<typeof sum, Promise<number>>(true);

  // From the arguments to the parameters.
  const repeated = pool.applyAsync((word, n) => word.repeat(n), ['a', 2]);
  same<typeof repeated, AsyncResult<string>>(true);
  const text: string = await repeated.get(5);
  same<typeof text, Awaited<typeof repeated>>(true);

  const none = pool.apply(async () => new Date());
  same<typeof none, Promise<Date>>(true);

  const lengths = pool.map((word) => word.length, ['a', 'bc']);
  same<typeof lengths, Promise<number[]>>(true);
  const later = pool.mapAsync(async (n) => `${n}`, new Set([1]), {
    chunkSize: 2,
    callback: (words) => same<typeof words, string[]>(true),
    errorCallback: (error) => same<typeof error, unknown>(true),
  });
  same<typeof later, AsyncResult<string[]>>(true);

  const iterated = pool.imap((n) => n > 1, [1]);
  same<typeof iterated, ImapIterator<boolean>>(true);
  for await (const flag of pool.imapUnordered((n) => n > 1, [1])) same<typeof flag, boolean>(true);
  const step = await iterated.next(100);
  if (step.done !== true) same<typeof step.value, boolean>(true);

  const pairs = pool.starmap((word, n) => word.repeat(n), new Map([['a', 1]]));
  same<typeof pairs, Promise<string[]>>(true);
  const tuples = pool.starmapAsync((a: number, b?: string) => [a, b] as const, [[1, 'x']]);
  same<typeof tuples, AsyncResult<(readonly [number, string | undefined])[]>>(true);

  const constants = pool.starmap((a, b) => a * b, [
    [2, 5],
    [3, 2],
  ] as const);
  same<typeof constants, Promise<number[]>>(true);
  const given = [
    [2, 5],
    [3, 2],
  ] as const;
  const powers = pool.starmap((a, b) => a ** b, given);
  same<typeof powers, Promise<number[]>>(true);

  void pool.applyAsync((n: number) => n, [1], { callback: (n) => same<typeof n, number>(true) });

  // @ts-expect-error an argument is of the wrong type
  void pool.apply((word: string) => word.length, [1]);
  // @ts-expect-error the arguments are missing
  void pool.apply((word: string) => word.length);
  // @ts-expect-error there is one argument too many
  void pool.applyAsync((word: string) => word.length, ['a', 'b']);
  // @ts-expect-error the items are of the wrong type
  void pool.map((word: string) => word.length, [1]);
  // @ts-expect-error map() has no callback: it is waited for
  void pool.map((n: number) => n, [1], { callback: () => {} });
  // @ts-expect-error an item is not a list of arguments
  void pool.starmap((a: number, b: number) => a + b, [1, 2]);
  // @ts-expect-error an item has an argument of the wrong type
  void pool.starmap((a: number, b: number) => a + b, [[1, 'x']]);
  // @ts-expect-error the callback expects something else than the result
  void pool.applyAsync((n: number) => n, [1], { callback: (word: string) => word.length });
  // @ts-expect-error a number of milliseconds
  void iterated.next('soon');
}

export async function waiting(a: Future<number>, b: Future<string>, c: AsyncResult<Date>): Promise<void> {
  const { done } = await wait([a, b]);
  same<typeof done, Set<Future<number> | Future<string>>>(true);
  for await (const f of asCompleted(new Set([a]))) same<typeof f, Future<number>>(true);
  for await (const f of asCompleted([a, c], { timeout: 5 })) {
    const value = await f;
    same<typeof value, number | Date>(true);
  }
  const whatever: Future<unknown> = a;
  void whatever;

  // @ts-expect-error a foreign promise cannot be asked
  void wait([Promise.resolve(1)]);
  // @ts-expect-error this condition does not exist
  void wait([a], { returnWhen: 'SOMETIMES' });
}

// @ts-expect-error an executor's option; here it is `processes`
export const misspelt: Pool = new Pool({ maxWorkers: 1 });
// @ts-expect-error counts are numbers
export const wrong: Pool = new ThreadPool('3');

const greet = (name: string, times: number): void => void name.repeat(times);
export const initialized: readonly Pool[] = [
  new Pool({ initializer: greet, initArgs: ['a', 1] }),
  new Pool(2, { initializer: greet, initArgs: ['a', 1] }),
  new ThreadPool(2, { initializer: () => {} }),
  // @ts-expect-error an argument of the initializer is of the wrong type
  new Pool({ initializer: greet, initArgs: ['a', 'b'] }),
  // @ts-expect-error an argument of the initializer is missing
  new ThreadPool(2, { initializer: greet, initArgs: ['a'] }),
  // @ts-expect-error all of them are
  new Pool(2, { initializer: greet }),
];
