/**
 * The assertions of CPython's _test_multiprocessing on processes, for each start method. Values come back by files, exit codes and streams.
 * Assertions in `process/` and `never-hang/` are not repeated: README.md lists them.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import {
  activeChildren,
  cpuCount,
  currentProcess,
  getContext,
  getNativeId,
  InvalidStateError,
  parentProcess,
  Process,
  ProcessError,
  Thread,
} from 'heddle';

const folder = mkdtempSync(join(tmpdir(), 'heddle-python-'));
test.after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));

const isNative = process.platform === 'linux' && process.env['HEDDLE_PLATFORM'] !== 'none';
const linuxOnly = { skip: process.platform === 'linux' ? false : 'reads /proc' };
const forLong = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60_000));
/** The output of a program on both streams. */
const program = (code: string): string =>
  execFileSync(
    'sh',
    ['-c', 'exec "$0" --input-type=module -e "$1" 2>&1', process.execPath, `import { Process, Thread } from 'heddle';${code}`],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );

test('the current process is alive, no daemon, and has the number of the system', () => {
  const { name, pid, daemon } = currentProcess();
  assert.deepEqual([name, pid, daemon, currentProcess().isAlive()], ['MainProcess', process.pid, false, true]);
  assert.equal(parentProcess(), null);
  assert.ok(Number.isInteger(cpuCount()) && cpuCount() >= 1);
});

for (const method of isNative ? (['spawn', 'forkserver', 'thread'] as const) : (['spawn', 'thread'] as const)) {
  const context = getContext(method);

  test(`${method}: a process tells its state before, while and after it runs, and its child knows its identity`, async () => {
    const tell = (path: string, ...args: unknown[]): void => {
      const { name, pid, daemon } = currentProcess();
      const parent = parentProcess()!;
      writeFileSync(path, JSON.stringify([args, name, pid, daemon, parent.name, parent.pid, parent.isAlive()]));
    };
    const args = [file('state'), 1, 'two', { three: [3] }] as [string, ...unknown[]];
    const child = new context.Process({ target: tell, args, name: 'teller', daemon: true });
    // The arguments are those of the constructor.
    args.push('later');
    assert.deepEqual([child.isAlive(), child.pid, child.exitCode, activeChildren().includes(child)], [false, null, null, false]);
    child.start();
    assert.deepEqual([child.exitCode, child.daemon, typeof child.pid, activeChildren().includes(child)], [null, true, 'number', true]);
    assert.equal(await child.join(), true);
    assert.deepEqual([child.isAlive(), child.exitCode, activeChildren().includes(child)], [false, 0, false]);
    assert.deepEqual(read('state'), [[1, 'two', { three: [3] }], 'teller', child.pid, true, 'MainProcess', process.pid, true]);
  });

  test(`${method}: interrupt, terminate and kill end a child that sleeps, and joins return at once`, async () => {
    for (const [end, signal] of [
      ['interrupt', 2],
      ['terminate', 15],
      ['kill', 9],
    ] as const) {
      const child = new context.Process({ target: forLong, daemon: true }).start();
      assert.deepEqual([child.isAlive(), await child.join(0), await child.join(1)], [true, false, false]);
      child[end]();
      assert.equal(await child.join(), true);
      assert.equal(await child.join(), true);
      assert.deepEqual([child.isAlive(), child.exitCode], [false, -signal]);
    }
  });

  test(`${method}: a subclass has its own run, its methods and the state of its constructor`, async () => {
    class Upper extends context.Process {
      readonly path: string;
      readonly words: string[] = [];
      constructor(path: string, ...words: string[]) {
        super();
        this.path = path;
        this.words.push(...words);
      }
      upper(): string[] {
        return this.words.map((word) => word.toUpperCase());
      }
      override run(): void {
        writeFileSync(this.path, JSON.stringify(this.upper()));
      }
    }
    const child = new Upper(file('upper'), 'hello', 'world').start();
    assert.deepEqual([await child.join(), child.exitCode, read('upper')], [true, 0, ['HELLO', 'WORLD']]);
  });

  // Warm processes differ by their start alone; `process/start-methods` has that.
  if (method === 'forkserver') continue;

  test(`${method}: no arguments, and an empty list of them, are no arguments`, () => {
    for (const options of [{}, { args: [] }, { args: undefined }]) {
      const target = (...args: unknown[]): never => process.exit(40 + args.length);
      const child = new context.Process({ target, ...options }).start();
      assert.ok(child.joinSync());
      assert.equal(child.exitCode, 40);
    }
  });

  test(`${method}: daemon is false by default, as it is given, and inherited by what a child makes`, async () => {
    assert.deepEqual(
      [undefined, false, true].map((daemon) => new context.Process({ daemon }).daemon),
      [false, false, true],
    );
    const target = (): never => process.exit(new Process().daemon ? 1 : 2);
    for (const daemon of [true, false]) {
      const child = new context.Process({ target, daemon }).start();
      await child.join();
      assert.equal(child.exitCode, daemon ? 1 : 2);
    }
  });

  test(`${method}: sentinels need a start, and the first process to end settles the first of them`, async () => {
    const slow = new context.Process({ target: forLong });
    assert.throws(() => slow.sentinel, ProcessError);
    slow.start();
    const fast = new context.Process({ target: () => process.exit(5) }).start();
    assert.equal(await Promise.race([slow.sentinel, fast.sentinel]), 5);
    slow.terminate();
    assert.equal(await slow.sentinel, -15);
    assert.equal(await slow.sentinel, -15);
  });

  test(`${method}: close refuses while the process runs, may come twice, and leaves nothing to be asked`, async () => {
    const child = new context.Process({ target: forLong }).start();
    assert.equal(child.isAlive(), true);
    assert.throws(() => child.close(), InvalidStateError);
    child.kill();
    await child.join();
    assert.equal(child.isAlive(), false);
    child.close();
    for (const ask of [() => child.isAlive(), () => child.joinSync(), () => child.terminate()]) assert.throws(ask, InvalidStateError);
    child.close();
  });

  test(`${method}: many children that sleep are terminated, and all codes are right`, async () => {
    const children = Array.from({ length: 4 }, () => new context.Process({ target: forLong }).start());
    for (const child of children) child.terminate();
    for (const child of children) assert.equal(await child.join(), true);
    assert.deepEqual(
      children.map((child) => child.exitCode),
      [-15, -15, -15, -15],
    );
  });

  test(`${method}: processes start processes, level by level`, async () => {
    const path = file(`recursion-${method}`);
    const grow = async (id: number[]): Promise<void> => {
      appendFileSync(path, `${id.join('.')} `);
      if (id.length === 2) return;
      for (const i of [0, 1]) {
        const child = new Process({ target: grow, args: [[...id, i]] }).start();
        await child.join();
      }
    };
    const child = new context.Process({ target: grow, args: [[]] }).start();
    await child.join();
    assert.equal(child.exitCode, 0);
    assert.equal(readFileSync(path, 'utf8').trim(), '0 0.0 0.1 1 1.0 1.1');
  });

  test(`${method}: exit codes are those of process.exit, and a bad one is an error`, async () => {
    const exits: readonly (readonly [() => unknown, number])[] = [
      [() => process.exit(), 0],
      [() => process.exit(0), 0],
      [() => process.exit(8), 8],
      [() => process.exit('3'), 3],
      [() => process.exit('with a text'), 1],
      [() => process.exit([1, 2] as never), 1],
    ];
    for (const [target, code] of exits) {
      const child: Process = new context.Process({ target, stdio: method === 'thread' ? 'inherit' : 'ignore' });
      // The thread itself prints its error, on the stderr of this program.
      if (method === 'thread' && code === 1) continue;
      assert.equal(await child.start().join(), true);
      assert.equal(child.exitCode, code, String(target));
      assert.equal(child.error?.name, code === 1 ? 'TypeError' : undefined);
    }
  });

  test(`${method}: exit handlers of a child run, and a child waits for its threads`, async () => {
    const target = (path: string): void => {
      process.on('exit', () => appendFileSync(path, 'exit handler'));
      const late = async (at: string): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        appendFileSync(at, 'thread, ');
      };
      new Thread({ target: late, args: [path] }).start();
      new Thread({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)), daemon: true }).start();
      appendFileSync(path, 'run, ');
    };
    const child = new context.Process({ target, args: [file(`exit-${method}`)] }).start();
    assert.deepEqual([await child.join(), child.exitCode], [true, 0]);
    assert.equal(readFileSync(file(`exit-${method}`), 'utf8'), 'run, thread, exit handler');
  });

  test(`${method}: a child starts another by another method`, async () => {
    const target = (): void => {
      const codes = (['spawn', 'thread'] as const).map((other) => {
        const child: Process = new (getContext(other).Process)({ target: () => process.exit(20) }).start();
        child.joinSync();
        return child.exitCode!;
      });
      process.exit(codes[0]! + codes[1]!);
    };
    const child = new context.Process({ target }).start();
    await child.join();
    assert.equal(child.exitCode, 40);
  });
}

test('a child whose stdout and stderr are closed does not fail', async () => {
  const target = (): void => {
    for (const descriptor of [1, 2]) closeSync(descriptor);
    console.log('nowhere');
    console.error('nowhere');
  };
  const child = new Process({ target, stdio: 'pipe' }).start();
  assert.deepEqual([await child.join(), child.exitCode, child.error], [true, 0, null]);
});

test('a handler of SIGINT that throws ends the child with 1 and its error; one that does not leaves it alive', async () => {
  const target = (fails: boolean): Promise<void> => {
    process.once('SIGINT', () => {
      if (fails) throw new RangeError('interrupted');
      process.exit(6);
    });
    process.stdout.write('listens');
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  };
  for (const [fails, code] of [
    [true, 1],
    [false, 6],
  ] as const) {
    const child = new Process({ target, args: [fails], stdio: 'pipe' }).start();
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    child.interrupt();
    await child.join();
    assert.deepEqual([child.exitCode, child.error?.message], [code, fails ? 'interrupted' : undefined]);
  }
});

test('the main thread of a child has a number of its own in the system', linuxOnly, async () => {
  await new Process({ target: (path) => writeFileSync(path, String(getNativeId())), args: [file('native')] }).start().join();
  assert.notEqual(read('native'), getNativeId());
});

test('a child has no descriptors of its parent, nor more for each of its siblings', linuxOnly, async () => {
  const own = openSync(file('own'), 'w');
  const look = (path: string): void => {
    const links = readdirSync('/proc/self/fd').flatMap((descriptor) => {
      try {
        return [readlinkSync(`/proc/self/fd/${descriptor}`)];
      } catch {
        return [];
      }
    });
    writeFileSync(path, JSON.stringify(links));
  };
  const counts: number[] = [];
  const siblings: Process[] = [];
  for (const siblingsMore of [0, 3]) {
    for (let i = 0; i < siblingsMore; i++) siblings.push(new Process({ target: forLong }).start());
    await new Process({ target: look, args: [file('descriptors')] }).start().join();
    const links = read('descriptors') as string[];
    assert.ok(!links.includes(file('own')));
    counts.push(links.length);
  }
  closeSync(own);
  for (const sibling of siblings) sibling.kill();
  for (const sibling of siblings) await sibling.join();
  assert.equal(counts[1], counts[0]);
});

test('what the parent has printed before the start is printed once', () => {
  const text = program(`
    process.stdout.write('before,');
    const child = new Process({ target: () => console.log('child') }).start();
    child.joinSync();
    console.log('after');`);
  assert.equal(text, 'before,child\nafter\n');
});

test('an error of run() is printed whole under the name of its process before the child ends', () => {
  const text = program(`
    const fail = () => { process.stdout.write('out\\n'); throw new Error('outer', { cause: new TypeError('inner') }); };
    const child = new Process({ target: fail }).start();
    child.joinSync();
    console.log('code ' + child.exitCode, child.error.cause instanceof TypeError);`);
  assert.match(text, /^out\nProcess Process-1:\nError: outer\n {4}at fail [^]*\[cause\]: TypeError: inner\n[^]*\}\ncode 1 true\n$/);
});

test('a process that is started in a thread has its parent in the program, and the program waits for it', () => {
  const text = program(`
    import { parentProcess } from 'heddle';
    const late = async (pid) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log('process', parentProcess().pid === pid, process.ppid === pid);
    };
    const start = (pid) => { new Process({ target: late, args: [pid] }).start(); console.log('thread'); };
    new Thread({ target: start, args: [process.pid] }).start();`);
  assert.equal(text, 'thread\nprocess true true\n');
});
