// Plain JavaScript, native modules (`--experimental-vm-modules`), Jest's own realm.
import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { currentThread, getContext, Process, ProcessPoolExecutor, setExceptHook, Thread, ThreadPoolExecutor } from 'heddle';
import { Point, word } from './shapes.js';

async function all(items) {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  /** Runs `use` with a pool that is shut down whatever happens. */
  const withPool = async (use) => {
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
    const answer = await withPool((pool) => all(pool.map((key) => (table.get(key) ?? 0) + squares.length, ['a', 'b', 'c'])));
    expect(answer).toEqual([4, 5, 3]);
  });

  test(`${Executor.name}: a function of a covered module is not found`, async () => {
    expect(await withPool((pool) => all(pool.map(word, ['a', 'bb', 'ccc'])))).toEqual([1, 2, 3]);
  });

  test(`${Executor.name}: a captured class of another module loses its methods`, async () => {
    expect(await withPool((pool) => pool.submit((x) => new Point(x, 2).sum(), 40))).toBe(42);
  });

  test(`${Executor.name}: an import that the runner rewrites is lost`, async () => {
    const length = await withPool((pool) => pool.submit(async (path) => (await readFile(path, 'utf8')).length, import.meta.filename));
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

// Warm processes start beside the tests before.
const classes = [Process, Thread, getContext('forkserver').Process, getContext('thread').Process];
for (const Class of classes) {
  const isThread = Class.name === 'Thread';
  test(`${Class.name}: a closure and a subclass run in it, and errors are of the classes of this realm`, async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const note = isThread ? () => void (words[0] = word('four')) : () => process.exit(word('four'));
    const closure = new Class({ target: note }).start();
    expect(await closure.join()).toBe(true);
    if (isThread) expect(words[0]).toBe(4);
    else expect(closure.exitCode).toBe(4);

    class Adder extends Class {
      constructor(point) {
        super();
        this.point = point;
      }
      run() {
        if (currentThread().isAlive() && this.point instanceof Point) process.exitCode = this.point.sum();
        throw new RangeError(`sum ${this.point.sum()} ${this.name}`);
      }
    }
    setExceptHook(() => {});
    const adder = new Adder(new Point(40, 2)).start();
    expect(await adder.join()).toBe(true);
    setExceptHook(null);
    expect(adder.error).toBeInstanceOf(RangeError);
    expect(adder.error.message).toMatch(/^sum 42 (Process|Thread)-\d+$/);
  });
}
