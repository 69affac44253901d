// TypeScript, with the imports rewritten by vitest and its coverage counters.
import { readFile } from 'node:fs/promises';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { expect, test } from 'vitest';
import { Point, word } from './shapes.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  /** Runs `use` with a pool that is shut down whatever happens. */
  const withPool = async <T>(use: (pool: ThreadPoolExecutor | ProcessPoolExecutor) => PromiseLike<T>): Promise<T> => {
    const pool = new Executor({ maxWorkers: 2 });
    try {
      return await use(pool);
    } finally {
      await pool.shutdown();
    }
  };

  test(`${Executor.name}: a closure over this realm's objects is refused`, async () => {
    const table = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    const squares = [1, 4, 9];
    const answer = await withPool((pool) => all(pool.map((key: string) => (table.get(key) ?? 0) + squares.length, ['a', 'b', 'c'])));
    expect(answer).toEqual([4, 5, 3]);
  });

  test(`${Executor.name}: a function of a covered module is not found`, async () => {
    expect(await withPool((pool) => all(pool.map(word, ['a', 'bb', 'ccc'])))).toEqual([1, 2, 3]);
  });

  test(`${Executor.name}: a captured class of another module loses its methods`, async () => {
    expect(await withPool((pool) => pool.submit((x: number) => new Point(x, 2).sum(), 40))).toBe(42);
  });

  test(`${Executor.name}: an import that the runner rewrites is lost`, async () => {
    const length = await withPool((pool) =>
      pool.submit(async (path: string) => (await readFile(path, 'utf8')).length, import.meta.filename),
    );
    expect(length).toBeGreaterThan(1000);
  });

  test(`${Executor.name}: an error of the worker is of no known class`, async () => {
    const failing = withPool((pool) =>
      pool.submit(() => {
        throw new RangeError('too far');
      }),
    );
    await expect(failing).rejects.toThrow('too far');
  });
}
