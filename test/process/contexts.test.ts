/** Contexts: their classes check what they are given as plain ones do, travel by name, and those of `thread` keep the promises of a `Process`. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { activeChildren, getAllStartMethods, getContext, Pool, ProcessPoolExecutor, setStartMethod, Thread } from 'heddle';

const messageOf = (act: () => unknown): string => {
  try {
    act();
    return 'nothing was thrown';
  } catch (error) {
    return String(error);
  }
};

test('pools of a context refuse the same options as pools of none, in the same words', () => {
  for (const method of getAllStartMethods()) {
    const context = getContext(method);
    for (const bad of ['x', null, [], true, { processes: 1, size: 1 }] as unknown as undefined[])
      assert.equal(
        messageOf(() => new context.Pool(bad)),
        messageOf(() => new Pool(bad)),
      );
    for (const bad of [5, 'x', null, [], true, { processes: 1 }] as unknown as undefined[])
      assert.equal(
        messageOf(() => new context.ProcessPoolExecutor(bad)),
        messageOf(() => new ProcessPoolExecutor(bad)),
      );
    for (const [first, more] of [
      [2, 5],
      [{ processes: 1 }, { processes: 2 }],
      [{ processes: 1 }, { maxTasksPerChild: 2 }],
    ] as unknown as [undefined, undefined][])
      assert.equal(
        messageOf(() => new context.Pool(first, more)),
        messageOf(() => new Pool(first, more)),
      );
  }
});

test('a pool of a context takes no other context, and an undefined one is its own', async () => {
  const spawn = getContext('spawn');
  assert.throws(() => new spawn.Pool({ context: 'thread' }), {
    name: 'TypeError',
    message: `expected context to be 'spawn', as the class is that of this context, got 'thread'`,
  });
  assert.throws(() => new (getContext('thread').ProcessPoolExecutor)({ context: spawn }), /expected context to be 'thread'/);
  setStartMethod('thread', { force: true });
  try {
    class Own extends spawn.Pool {}
    await using pool = new Own({ processes: 1, context: undefined });
    await using executor = new spawn.ProcessPoolExecutor({ maxWorkers: 1, context: undefined });
    assert.deepEqual([await pool.apply(() => process.ppid), await executor.submit(() => process.ppid)], [process.pid, process.pid]);
  } finally {
    setStartMethod(null, { force: true });
  }
});

test('the classes of a context arrive as themselves', async () => {
  const classes = getAllStartMethods().map((method) => {
    const context = getContext(method);
    return [context, context.Process, context.Pool, context.ProcessPoolExecutor] as const;
  });
  await using pool = new Pool(1);
  const areSame = await pool.apply(
    (given: typeof classes) =>
      given.flatMap(([context, Process, Pool, Executor]) => [
        Process === context.Process,
        Pool === context.Pool,
        Executor === context.ProcessPoolExecutor,
      ]),
    [classes],
  );
  assert.deepEqual(areSame, Array<boolean>(9).fill(true));
});

const thread = getContext('thread');

test('a process of the thread context that sends itself a signal ends by it', async () => {
  for (const [send, signal] of [
    ['interrupt', 2],
    ['terminate', 15],
    ['kill', 9],
  ] as const) {
    class Ending extends thread.Process {
      override async run(): Promise<void> {
        process.exit = () => undefined as never;
        this[send]();
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
    }
    const ending = new Ending().start();
    assert.deepEqual([await ending.sentinel, ending.error], [-signal, null]);
  }
});

test('activeChildren does not list a process of the thread context whose end joinSync has seen, closed or not', () => {
  const [first, second] = [1, 2].map(() => new thread.Process({ target: () => {} }).start());
  first!.joinSync();
  second!.joinSync();
  first!.close();
  assert.deepEqual(activeChildren(), []);
});

test('a run() that is a generator function is refused in the thread context, too', () => {
  class Generating extends thread.Process {
    override *run(): Generator<number> {
      yield 1;
    }
  }
  assert.throws(() => new Generating().start(), {
    name: 'TypeError',
    message: /expected run\(\) to be a function that runs when it is called, got a generator function/,
  });
});

test('children of a process of the thread context are numbered below it, whichever of its threads makes them', () => {
  const outer = new thread.Process({
    target: () => {
      const name = new thread.Process().name;
      const inThread = new Thread({
        target: (before: string) => {
          throw new Error(`${before} ${new thread.Process().name}`);
        },
        args: [name],
      }).start();
      inThread.joinSync();
      throw inThread.error!;
    },
  });
  outer.start().joinSync();
  assert.equal(outer.error?.message, `${outer.name}:1 ${outer.name}:2`);
});
