/** User code that a pool calls later runs in the async context of the call that brought it. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { type ImapIterator, Pool, type Progress, ThreadPool, currentTask, registerReducer } from 'heddle';
import { all, until } from '../collect.ts';
import { kinds } from '../kinds.ts';

const user = new AsyncLocalStorage<string>();

/** The context that each piece of code found. */
class Seen {
  readonly #by: Map<string, Set<string | undefined>> = new Map();

  note(what: string): void {
    const set = this.#by.get(what) ?? new Set();
    this.#by.set(what, set.add(user.getStore()));
  }

  /** All of it ran, and in no other context. */
  check(name: string, pieces: readonly string[]): void {
    assert.deepEqual([...this.#by.keys()].toSorted(), pieces.toSorted());
    for (const [what, names] of this.#by) assert.deepEqual([...names], [name], what);
  }
}

class Money {
  readonly #amount: number;
  constructor(amount: number) {
    this.#amount = amount;
  }
  get amount(): number {
    return this.#amount;
  }
}

/** One after the other on one pool: the first starts its workers. */
async function twice(work: (seen: Seen) => Promise<readonly string[]>): Promise<void> {
  for (const name of ['ann', 'bob']) {
    const seen = new Seen();
    const pieces = await user.run(name, () => work(seen));
    seen.check(name, pieces);
  }
}

for (const { kind, open } of kinds) {
  const pool = open({ maxWorkers: 1 });
  after(() => pool.shutdown());

  test(`${kind}: a source of map is read and closed in the context of its call`, async () => {
    await twice(async (seen) => {
      function* rows(): Generator<number> {
        try {
          for (let i = 0; ; i++) {
            seen.note('source');
            yield i;
          }
        } finally {
          seen.note('return()');
        }
      }
      const results = pool.map((x) => x, rows(), { chunkSize: 1, bufferSize: 1 });
      await user.run('another caller', async () => {
        for await (const x of results) if (x === 5) break;
      });
      return ['source', 'return()'];
    });
  });

  test(`${kind}: async and zipped sources of map, and what encoding their items calls, are run there, too`, async () => {
    await twice(async (seen) => {
      async function* rows(): AsyncGenerator<object> {
        for (let i = 0; i < 5; i++) {
          seen.note('async source');
          yield {
            get row() {
              seen.note('getter');
              return i;
            },
          };
        }
        seen.note('end');
      }
      const endless = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: 1 }),
          return: () => {
            seen.note('return() of the longer one');
            return { done: true, value: undefined };
          },
        }),
      } as Iterable<number>;
      const results = pool.map((x: object, y: number) => [x, y], rows(), endless, { chunkSize: 1, bufferSize: 1 });
      await user.run('another caller', () => all(results));
      return ['async source', 'getter', 'end', 'return() of the longer one'];
    });
  });

  test(`${kind}: an abort by another caller closes the source of a map in the context of its call`, async () => {
    await twice(async (seen) => {
      const controller = new AbortController();
      const endless = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: 1 }),
          return: () => {
            seen.note('return()');
            return { done: true, value: undefined };
          },
        }),
      } as Iterable<number>;
      const results = pool.map((x) => x, endless, { signal: controller.signal });
      await user.run('another caller', async () => controller.abort(new Error('no more')));
      await assert.rejects(all(results), { message: 'no more' });
      return ['return()'];
    });
  });

  test(`${kind}: callbacks of futures, progress and retryOn run in the context of the call`, async () => {
    await twice(async (seen) => {
      const task = pool.with({
        retries: 1,
        retryOn: () => {
          seen.note('retryOn');
          return true;
        },
        progress: () => seen.note('progress'),
      });
      const future = task.submit(() => {
        currentTask()!.progress(1);
        throw new Error('as always');
      });
      future.addDoneCallback(() => seen.note('done callback'));
      await assert.rejects(future, { message: 'as always' });
      future.addDoneCallback(() => seen.note('callback of a future that is done'));
      const results = pool.map(
        () => {
          throw new Error('as always');
        },
        [1],
        {
          retries: 1,
          retryOn: () => {
            seen.note('retryOn of a map');
            return true;
          },
          progress: (progress: Progress) => {
            if (progress.done > 0) seen.note('progress of a map');
          },
        },
      );
      await assert.rejects(
        user.run('another caller', () => all(results)),
        { message: 'as always' },
      );
      return ['retryOn', 'progress', 'done callback', 'callback of a future that is done', 'retryOn of a map', 'progress of a map'];
    });
  });

  test(`${kind}: a reducer rebuilds a result in the context of the call`, async () => {
    // Both travel with the class; there is no listener on the other side.
    const hooks = globalThis as { note?: (what: string) => void };
    registerReducer(Money, {
      reduce: (money) => {
        (globalThis as { note?: (what: string) => void }).note?.('reduce');
        return money.amount;
      },
      rebuild: (amount: number) => {
        (globalThis as { note?: (what: string) => void }).note?.('rebuild');
        return new Money(amount);
      },
    });
    await twice(async (seen) => {
      hooks.note = (what) => seen.note(what);
      assert.equal((await pool.submit((money: Money) => money, new Money(1))).amount, 1);
      for await (const money of pool.map((x: Money) => x, [new Money(2)])) assert.equal(money.amount, 2);
      return ['reduce', 'rebuild'];
    });
  });

  test(`${kind}: an abort listener of a task runs in the context in which the task asked for its signal`, async () => {
    const task = async (): Promise<unknown> => {
      const { AsyncLocalStorage: Storage } = await import('node:async_hooks');
      const own = new Storage<string>();
      return own.run('the task', async () => {
        const { signal } = currentTask()!;
        return new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            (globalThis as { heardBy?: unknown }).heardBy = own.getStore();
            resolve();
          });
          currentTask()!.progress(1);
        });
      });
    };
    const controller = new AbortController();
    const heard = { hasBegun: false };
    const future = pool.with({ signal: controller.signal, progress: () => (heard.hasBegun = true) }).submit(task);
    await until(() => heard.hasBegun);
    controller.abort(new Error('enough'));
    await assert.rejects(future, { message: 'enough' });
    assert.equal(await pool.submit(() => (globalThis as { heardBy?: unknown }).heardBy), 'the task');
  });

  test(`${kind}: what a task enters is not there in the tasks after it`, async () => {
    const enter = (name: string): string | undefined => {
      const { AsyncLocalStorage: Storage } = process.getBuiltinModule('node:async_hooks');
      const holder = globalThis as { entered?: AsyncLocalStorage<string> };
      const storage = (holder.entered ??= new Storage());
      const before = storage.getStore();
      storage.enterWith(name);
      return before;
    };
    const nothing = [undefined, undefined, undefined];
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => pool.submit(enter, name))), nothing);
    assert.deepEqual([await pool.submit(enter, 'd'), await pool.submit(enter, 'e'), await pool.submit(enter, 'f')], nothing);
    assert.deepEqual(await all(pool.map(enter, ['g', 'h', 'i'], { chunkSize: 3 })), nothing);
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => pool.submit(async (n: string) => enter(n), name))), nothing);
  });

  test(`${kind}: what a stream enters is there until it ends`, async () => {
    const fresh = open({ maxWorkers: 1 });
    function* parts(name: string): Generator<string | undefined> {
      const { AsyncLocalStorage: Storage } = process.getBuiltinModule('node:async_hooks');
      const holder = globalThis as { entered?: AsyncLocalStorage<string> };
      const storage = (holder.entered ??= new Storage());
      yield storage.getStore();
      storage.enterWith(name);
      yield storage.getStore();
      yield storage.getStore();
    }
    // The first to enter a context in its worker, and another.
    assert.deepEqual(await all(fresh.stream(parts, 'a')), [undefined, 'a', 'a']);
    assert.deepEqual(await all(fresh.stream(parts, 'b')), [undefined, 'b', 'b']);
    await fresh.shutdown();
  });
}

for (const [name, Class] of [
  ['Pool', Pool],
  ['ThreadPool', ThreadPool],
] as const) {
  test(`${name}: callbacks run in the context of their calls, and terminate() closes sources there`, async () => {
    await using pool = new Class(1);
    let open: ImapIterator<number> | undefined;
    await twice(async (seen) => {
      const callback = (): void => seen.note('callback');
      const errorCallback = (): void => seen.note('errorCallback');
      const fail = (): never => {
        throw new Error('as always');
      };
      await pool.applyAsync(Math.abs, [1], { callback });
      await pool.mapAsync((x) => x, [1, 2], { callback });
      await pool.starmapAsync((x: number, y: number) => x + y, [[1, 2]], { callback });
      await pool.applyAsync(fail, [], { errorCallback }).wait();
      await pool.mapAsync(fail, [1], { errorCallback }).wait();
      return ['callback', 'errorCallback'];
    });
    const seen = new Seen();
    user.run('ann', () => {
      async function* rows(): AsyncGenerator<number> {
        try {
          seen.note('source');
          yield 1;
          seen.note('source');
          yield 2;
        } finally {
          seen.note('return()');
        }
      }
      open = pool.imap((x: number) => x, rows(), { chunkSize: 1, bufferSize: 1 });
    });
    assert.equal((await open!.next()).value, 1);
    await user.run('bob', () => pool.terminate());
    seen.check('ann', ['source', 'return()']);
  });
}

test('an unhandled error is reported in no foreign context', async () => {
  const program = `
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { ThreadPool, ThreadPoolExecutor } from 'heddle';
    const user = new AsyncLocalStorage();
    const told = [];
    process.on('unhandledRejection', (error) => {
      told.push([error.message, user.getStore()]);
      if (told.length === 6) console.log(JSON.stringify(told));
    });
    const [executor, pool] = [new ThreadPoolExecutor({ maxWorkers: 1 }), new ThreadPool(1)];
    const fail = (name) => {
      throw new Error(name);
    };
    for (const name of ['ann', 'bob'])
      user.run(name, () => {
        executor.submit(fail, name);
        executor.map(fail, [name]).next();
        pool.applyAsync(fail, [name]);
      });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const told = JSON.parse(stdout) as [string, string | undefined][];
  assert.equal(told.length, 6);
  // Node 24 and later keep no context with a promise: a task without callbacks then tells its error in none.
  for (const [name, found] of told) assert.ok(found === name || found === null, `${name}'s error is told to ${found}`);
});
