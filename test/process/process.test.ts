/** `Process`: the code in it, its inheritance, its ends, and the same answer to every question about its end. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import {
  activeChildren,
  cpuCount,
  currentProcess,
  Event,
  InvalidStateError,
  Lock,
  parentProcess,
  Process,
  ProcessError,
  ProcessPoolExecutor,
  Thread,
  ThreadPoolExecutor,
} from 'heddle';

const folder = mkdtempSync(join(tmpdir(), 'heddle-process-'));
test.after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));

/** The output of a process in pipes, and its end. */
async function output(process: Process<any>): Promise<{ out: string; err: string; exitCode: number | null }> {
  const text = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let all = '';
    for await (const chunk of stream) all += String(chunk);
    return all;
  };
  const [out, err] = await Promise.all([text(process.stdout!), text(process.stderr!)]);
  await process.join();
  return { out, err, exitCode: process.exitCode };
}

test('a target runs with its arguments in a child of this process', async () => {
  const note = (path: string, a: number, b: number[]): void =>
    writeFileSync(path, JSON.stringify([a, b, process.ppid, currentProcess().pid === process.pid]));
  const child = new Process({ target: note, args: [file('target'), 1, [2, 3]] });
  assert.equal(child.pid, null);
  assert.equal(child.start(), child);
  const { pid } = child;
  assert.ok(pid! > 0 && pid !== process.pid);
  assert.equal(child.ident, pid);
  assert.equal(await child.join(), true);
  assert.deepEqual(read('target'), [1, [2, 3], process.pid, true]);
  assert.equal(child.exitCode, 0);
  assert.equal(child.error, null);
});

test('a subclass has in its child the state of its constructor, its methods, and itself', async () => {
  class Base extends Process {
    readonly prefix: string = 'base';
    describe(): string {
      return `${this.prefix} ${this.name}`;
    }
  }
  class Counter extends Base {
    readonly self: this = this;
    count: number;
    readonly twice: () => number = () => 2 * this.count;
    constructor(count: number, path: string) {
      super({ name: 'counter' });
      this.count = count;
      this.path = path;
    }
    readonly path: string;
    override run(): void {
      this.count += 1;
      const isSelf = this.self === this && currentProcess() === (this as unknown);
      writeFileSync(this.path, JSON.stringify([this.describe(), this.count, this.twice(), isSelf]));
    }
  }
  const counter = new Counter(20, file('subclass')).start();
  await counter.join();
  assert.deepEqual(read('subclass'), ['base counter', 21, 42, true]);
  assert.equal(counter.count, 20);
});

test('names are numbered, and children of children carry the path', async () => {
  const first = new Process();
  const second = new Process();
  const [, number] = /^Process-(\d+)$/.exec(first.name)!;
  assert.equal(second.name, `Process-${Number(number) + 1}`);
  first.name = 'other';
  assert.equal(first.name, 'other');
  assert.throws(() => (first.name = 1 as never), TypeError);
  const outer = new Process({
    target: (path) => {
      const inner = new Process({ target: (at: string) => writeFileSync(at, JSON.stringify([currentProcess().name])), args: [path] });
      inner.start().joinSync();
    },
    args: [file('names')],
    name: 'outer',
  });
  await outer.start().join();
  const [innerName] = read('names') as [string];
  assert.match(innerName, /^Process-\d+:1$/);
});

test('a child knows its parent, and the main program has none', async () => {
  assert.equal(parentProcess(), null);
  assert.equal(currentProcess().name, 'MainProcess');
  assert.ok(cpuCount() >= 1);
  const tell = async (path: string): Promise<void> => {
    const parent = parentProcess()!;
    writeFileSync(path, JSON.stringify([parent.name, parent.pid, parent.isAlive(), await parent.join(1)]));
  };
  await new Process({ target: tell, args: [file('parent')] }).start().join();
  assert.deepEqual(read('parent'), ['MainProcess', process.pid, true, false]);
});

test('joinSync needs no event loop, whatever the size of the arguments', () => {
  const big = Buffer.alloc(100e6, 7);
  const child = new Process({ target: (bytes: Buffer) => process.exit(bytes.length / 1e6 + bytes.at(-1)!), args: [big] }).start();
  assert.equal(child.joinSync(), true);
  assert.equal(child.exitCode, 107);
  assert.equal(child.isAlive(), false);
  assert.ok(!activeChildren().includes(child));
});

test('a megabyte of output in pipes is complete and in order after joinSync', async () => {
  const print = (): void => {
    for (let i = 0; i < 20_000; i++) console.log(`${String(i).padStart(6)}${'.'.repeat(50)}`);
    console.error('and this');
  };
  const child = new Process({ target: print, stdio: 'pipe' }).start();
  assert.equal(child.joinSync(), true);
  const { out, err, exitCode } = await output(child);
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 20_000);
  assert.ok(lines.every((line, i) => Number.parseInt(line, 10) === i));
  assert.deepEqual([err, exitCode], ['and this\n', 0]);
});

test('a child reads what is written to its stdin, and one without streams prints nothing', async () => {
  const echo = async (): Promise<void> => {
    for await (const chunk of process.stdin) process.stdout.write(String(chunk).toUpperCase());
  };
  const child = new Process({ target: echo, stdio: 'pipe' }).start();
  child.stdin!.end('hello');
  assert.equal((await output(child)).out, 'HELLO');
  const silent = new Process({ target: () => console.log('nowhere'), stdio: 'ignore' }).start();
  assert.equal(silent.stdout, null);
  await silent.join();
  assert.equal(silent.exitCode, 0);
});

test('what run() throws is printed once, ends the child with 1, and is rebuilt in the parent', async () => {
  const fail = (): never => {
    throw Object.assign(new RangeError('bad'), { detail: [1, 2] });
  };
  const child = new Process({ target: fail, stdio: 'pipe', name: 'failing' }).start();
  const { out, err, exitCode } = await output(child);
  assert.deepEqual([out, exitCode], ['', 1]);
  assert.equal(err.match(/RangeError: bad/g)?.length, 1);
  assert.match(err, /^Process failing:\n/);
  assert.ok(child.error instanceof RangeError);
  assert.deepEqual((child.error as RangeError & { detail: number[] }).detail, [1, 2]);
  assert.match(child.error.stack!, /at fail .*process\.test/);
});

test('an error is there at once after joinSync, also one that a callback threw, and one that is no error', () => {
  class Custom extends Error {}
  const thrown = new Process({
    target: () => {
      throw new Custom('mine');
    },
    stdio: 'ignore',
  }).start();
  assert.ok(thrown.joinSync());
  assert.ok(thrown.error instanceof Custom);
  const later = new Process({
    target: () => {
      setImmediate(() => {
        throw new TypeError('later');
      });
    },
    stdio: 'ignore',
  }).start();
  assert.ok(later.joinSync());
  assert.deepEqual([later.exitCode, later.error?.name], [1, 'TypeError']);
  const rejected = new Process({ target: () => Promise.reject('text'), stdio: 'ignore' }).start(); // oxlint-disable-line no-throw-literal
  assert.ok(rejected.joinSync());
  assert.match(rejected.error!.message, /run\(\) threw 'text'/);
});

test('a promise of run() that nothing can settle ends the child with an error that says so', () => {
  const child = new Process({ target: () => new Promise(() => {}), stdio: 'ignore' }).start();
  assert.ok(child.joinSync());
  assert.equal(child.exitCode, 1);
  assert.match(child.error!.message, /can never settle/);
});

test('exit codes: 0, process.exit(n), process.exitCode, and -N for signal N', () => {
  const codeOf = (target: () => unknown): number | null => {
    const child = new Process({ target, stdio: 'ignore' }).start();
    assert.equal(child.joinSync(), true);
    return child.exitCode;
  };
  assert.equal(
    codeOf(() => 'ignored'),
    0,
  );
  assert.equal(
    codeOf(() => process.exit(3)),
    3,
  );
  assert.equal(
    codeOf(() => {
      process.exitCode = 4;
    }),
    4,
  );
  assert.equal(
    codeOf(() => process.kill(process.pid, 'SIGUSR2')),
    -12,
  );
});

for (const [name, signal] of [
  ['interrupt', 2],
  ['terminate', 15],
  ['kill', 9],
] as const) {
  test(`${name}() ends a child that sleeps, and one in an endless loop`, async () => {
    for (const target of [
      () => new Promise((resolve) => setTimeout(resolve, 60_000)),
      () =>
        ((): never => {
          for (;;);
        })(),
    ]) {
      // prettier-ignore
      const child = new Process({ target, stdio: 'ignore' }).start();
      assert.equal(child.isAlive(), true);
      child[name]();
      assert.equal(await child.join(), true);
      assert.deepEqual([child.exitCode, child.isAlive()], [-signal, false]);
      child[name]();
    }
  });
}

test('join gives false after its time-out, and the reason of an aborted signal; nothing is left of either', async () => {
  const child = new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)), stdio: 'ignore' }).start();
  assert.equal(await child.join(0), false);
  assert.equal(await child.join(1), false);
  assert.equal(await child.join({ timeout: 1 }), false);
  assert.equal(child.joinSync(1), false);
  assert.equal(child.exitCode, null);
  const reason = new Error('not now');
  await assert.rejects(child.join({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const waiting = child.join({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.throws(() => child.joinSync({ signal: controller.signal } as never), TypeError);
  assert.throws(() => child.joinSync(-1), RangeError);
  child.kill();
  assert.deepEqual(await Promise.all([child.join(), child.join(), child.sentinel]), [true, true, -9]);
});

test('misuse is a ProcessError that says what is wrong', () => {
  const child = new Process({ target: () => {} });
  assert.throws(() => child.joinSync(), { name: 'ProcessError', message: /has not been started/ });
  assert.throws(() => child.sentinel, ProcessError);
  assert.throws(() => child.kill(), ProcessError);
  child.start();
  assert.throws(() => child.start(), { name: 'ProcessError', message: /cannot be started twice/ });
  assert.throws(() => (child.daemon = true), { name: 'ProcessError', message: /has been started/ });
  child.joinSync();
  assert.throws(() => child.start(), ProcessError);
  assert.throws(() => new Process({ daemn: true } as never), { name: 'TypeError', message: /daemn.*known are/ });
  assert.throws(() => new Process({ args: 'a' as never }), TypeError);
  assert.throws(() => new Process({ target: 1 as never }), TypeError);
  assert.throws(() => new Process({ stdio: 'none' as never }), TypeError);
});

test('close refuses while the process runs; afterwards nothing but close is allowed', async () => {
  const child = new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)), stdio: 'ignore' }).start();
  assert.throws(() => child.close(), InvalidStateError);
  child.kill();
  await child.join();
  child.close();
  child.close();
  for (const use of [() => child.isAlive(), () => child.exitCode, () => child.joinSync(), () => child.terminate(), () => child.name])
    assert.throws(use, InvalidStateError);
});

test('await using ends the process', async () => {
  let child: Process;
  {
    await using running = new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)), stdio: 'ignore' }).start();
    child = running;
    assert.ok(activeChildren().includes(running));
  }
  assert.throws(() => child.isAlive(), InvalidStateError);
  assert.ok(!activeChildren().includes(child));
});

test('a Process goes nowhere but to its own child', async () => {
  const child = new Process({ target: () => {}, name: 'mine' });
  const refusal = { name: 'SerializationError', message: /mine cannot cross: a Process belongs to the process that made it/ };
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await assert.rejects(
    pool.submit((it: unknown) => it, child),
    refusal,
  );
  await assert.rejects(
    pool.submit(() => child.name),
    refusal,
  );
  assert.throws(() => new Process({ target: (it: unknown) => it, args: [child] }).start(), refusal);
});

test('the class Process is the same in a worker that has not loaded it', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const named = (Class: typeof Process): string => new Class({ name: 'made there' }).name;
  assert.equal(await pool.submit(named, Process), 'made there');
});

test('a closure over its own Process has in the child the process that runs', async () => {
  const child: Process = new Process({ target: () => process.exit(child === (currentProcess() as unknown) ? 7 : 8), stdio: 'ignore' });
  await child.start().join();
  assert.equal(child.exitCode, 7);
});

test('locks and events are the same in parent and child', () => {
  const lock = new Lock();
  const event = new Event();
  lock.acquireSync();
  const child = new Process({
    target: (ready: Event) => {
      ready.set();
      lock.acquireSync();
      lock.release();
    },
    args: [event],
    stdio: 'ignore',
  });
  if (process.env['HEDDLE_PLATFORM'] === 'none') {
    const message = /^process\.args\[0\]: an Event cannot cross to a process: HEDDLE_PLATFORM=none/;
    assert.throws(
      () => child.start(),
      ({ name, message: said, cause }: Error) =>
        name === 'SerializationError' && message.test(said) && (cause as Error).name === 'UnsupportedPlatformError',
    );
    assert.deepEqual([child.pid, child.isAlive()], [null, false]);
    return;
  }
  child.start();
  assert.ok(event.waitSync());
  assert.equal(child.joinSync(20), false);
  lock.release();
  assert.ok(child.joinSync());
  assert.equal(child.exitCode, 0);
});

test('a daemon may have no children, nor pools of processes; its flag is inherited', async () => {
  const parent = new Process({
    target: async (path) => {
      const said: unknown[] = [currentProcess().daemon, new Process().daemon];
      try {
        new Process({ target: () => {} }).start();
      } catch (error) {
        said.push(String(error));
      }
      try {
        await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
        await pool.submit(() => 1);
      } catch (error) {
        said.push(`${error instanceof Error ? (error.cause ?? error) : error}`);
      }
      writeFileSync(path, JSON.stringify(said));
    },
    args: [file('daemon')],
    daemon: true,
  });
  await parent.start().join();
  const refusal = 'ProcessError: daemonic processes are not allowed to have children';
  assert.deepEqual(read('daemon'), [true, true, refusal, refusal]);
});

test('a module that starts a process and a thread of its own where it is loaded starts one of each', () => {
  const module = new URL('../../../test/fixtures/process/starting.mjs', import.meta.url).href;
  const args = ['--input-type=module', '-e', `await import(${JSON.stringify(module)})`];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const refusal = /^ProcessError: own cannot be started while a child imports starting\.mjs: its child would import the same/;
  const lines = stdout.trimEnd().split('\n');
  // The process and the thread each meet both refusals where they load the module, and do what they were started for.
  assert.deepEqual(
    lines.map((line) => refusal.test(line) || line),
    [true, true, 'worked', true, true, 'worked'],
  );
  assert.equal(status, 0);
});

test('many children are started, terminated and joined', async () => {
  const many = Array.from({ length: 12 }, () =>
    new Process({ target: () => new Promise((resolve) => setTimeout(resolve, 60_000)), stdio: 'ignore' }).start(),
  );
  assert.ok(many.every((child) => activeChildren().includes(child)));
  for (const child of many) child.terminate();
  for (const child of many) assert.ok(child.joinSync());
  assert.deepEqual(new Set(many.map((child) => child.exitCode)), new Set([-15]));
  // Some ended at the same moment: what is known of one after a turn of the loop does not contradict the other.
  const pair = [0, 1].map(() => new Process({ target: () => process.kill(process.pid, 'SIGTERM'), stdio: 'ignore' }).start());
  await pair[0]!.join();
  assert.ok(pair[1]!.joinSync());
  assert.deepEqual([pair[0]!.exitCode, pair[1]!.exitCode], [-15, -15]);
});

test('the environment, the folder and the flags of the moment of start() are inherited', async () => {
  process.env['HEDDLE_TEST_PROCESS'] = 'yes';
  const tell = (path: string): void =>
    writeFileSync(path, JSON.stringify([process.env['HEDDLE_TEST_PROCESS'], process.cwd(), process.argv.slice(1)]));
  await new Process({ target: tell, args: [file('inherited')] }).start().join();
  delete process.env['HEDDLE_TEST_PROCESS'];
  assert.deepEqual(read('inherited'), ['yes', process.cwd(), process.argv.slice(1)]);
});

test('inspect shows name, number and state', async () => {
  const child = new Process({ target: () => {}, name: 'shown', daemon: true });
  assert.equal(inspect(child), `<Process name='shown' initial daemon>`);
  child.start();
  assert.equal(String(child), `<Process name='shown' pid=${child.pid} started daemon>`);
  await child.join();
  assert.equal(inspect(child), `<Process name='shown' pid=${child.pid} stopped exitcode=0 daemon>`);
  child.close();
  assert.equal(inspect(child), `<Process name='shown' closed>`);
});

for (const Class of [Process, Thread]) {
  test(`after joinSync the error of a ${Class.name} has its own class, also where a module declares that`, async () => {
    const { Refused, refuse } = (await import(new URL('../../../test/fixtures/process/failing.mjs', import.meta.url).href)) as {
      Refused: new (message: string, amount: number) => Error & { amount: number };
      refuse: () => never;
    };
    const child = Class === Process ? new Process({ target: refuse, stdio: 'ignore' }) : new Thread({ target: refuse });
    assert.equal(child.start().joinSync(), true);
    assert.ok(child.error instanceof Refused);
    assert.deepEqual([child.error.message, child.error.amount], ['not this amount', 7]);
  });
}
