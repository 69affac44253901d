/** An owner of an end that ends, in each of the ways in which threads and processes do: the other end is told exactly when the last one has. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Connection, EOFError, Event, Pipe, Process, Queue, Thread, ThreadPoolExecutor } from 'heddle';
import { isNative, until } from '../sync/crew.js';
import { forEachEnd } from '../sync/victim.js';

const nameOf = (wait: PromiseLike<unknown>): Promise<string> => Promise.resolve(wait).then(String, (error: Error) => error.name);

forEachEnd('what it had sent is received, and then EOFError, by waits of both forms', async (victim, crew) => {
  const [here, there] = Pipe<number>();
  await victim.ask(() => {
    there.sendSync(1);
    there.sendSync(2);
  });
  there.close();
  assert.equal(await here.recv(), 1);
  assert.equal(await here.recv(), 2);
  const blocked = crew.run(() => {
    try {
      return String(here.recvSync());
    } catch (error) {
      return (error as Error).name;
    }
  });
  const polled = here.poll({});
  const awaited = nameOf(here.recv());
  await until(() => here.statistics().waitingReceivers === 2);
  victim.end();
  assert.deepEqual(await Promise.all([awaited, blocked, polled]), ['EOFError', 'EOFError', true]);
  await victim.ended();
  await assert.rejects(Promise.resolve(here.send(3)), EOFError);
});

forEachEnd('a sender is told at once, and one that waits for room as well', async (victim) => {
  const [here, there] = Pipe<Uint8Array>();
  await victim.ask(() => there.closed);
  there.close();
  const large = new Uint8Array(5 * 2 ** 20);
  await here.send(large);
  const waiting = nameOf(here.send(large));
  await until(() => here.statistics().waitingSenders === 1);
  victim.end();
  await victim.ended();
  assert.throws(() => here.sendSync(large), EOFError);
  assert.equal(await waiting, 'EOFError');
});

forEachEnd('the end stays open while another owner lives', async (victim) => {
  const [here, there] = Pipe<number>();
  await victim.ask(() => there.sendSync(1));
  victim.end();
  await victim.ended();
  assert.equal(await here.recv(), 1);
  assert.equal(await here.poll(1), false);
  await there.send(2);
  assert.equal(await here.recv(), 2);
  there.close();
  await assert.rejects(Promise.resolve(here.recv()), EOFError);
});

forEachEnd('an end in a queue outlives its sender, and not the last that has the queue', async (victim) => {
  const [here, there] = Pipe<number>();
  const queue = new Queue<Connection<number>>();
  await victim.ask(() => queue.putSync(there));
  there.close();
  const [mine, its] = Pipe<number>();
  await victim.ask(() => {
    const own = new Queue<Connection<number>>();
    (globalThis as { kept?: unknown }).kept = own;
    own.putSync(its);
    its.close();
  });
  its.close();
  await mine.send(1);
  victim.end();
  await victim.ended();
  await here.send(1);
  const arrived = await queue.get();
  assert.equal(await arrived.recv(), 1);
  arrived.close();
  await assert.rejects(Promise.resolve(here.recv()), EOFError);
  await assert.rejects(Promise.resolve(mine.recv()), EOFError);
});

for (const Class of isNative ? [Process, Thread] : [Thread]) {
  test(`${Class.name}: the end of its argument is open until it ends, also when it never opened it`, async () => {
    const [here, there] = Pipe<string>();
    const child = new Class({ target: (end: Connection<string>) => end.sendSync('hello'), args: [there] }).start();
    there.close();
    assert.equal(here.recvSync(), 'hello');
    assert.throws(() => here.recvSync(), EOFError);
    await child.join();
    const [mine, its] = Pipe<string>();
    const early = new Class({ target: (end: Connection<string>) => end.sendSync('hello'), args: [its] }).start();
    its.close();
    await mine.send('sent before it began');
    if (early instanceof Process) early.kill();
    else early.joinSync();
    await early.join();
    assert.throws(() => mine.sendSync('more'), EOFError);
  });
}

test('a process that was joined is no owner any more, though its parent has not collected it', {
  skip: isNative ? false : 'needs processes',
}, () => {
  for (let n = 0; n < 4; n += 1) {
    const [here, there] = Pipe<number>();
    const child = new Process({
      target: (end: Connection<number>) => {
        end.sendSync(1);
        process.kill(process.pid, 'SIGKILL');
      },
      args: [there],
    }).start();
    there.close();
    assert.equal(here.recvSync(), 1);
    assert.equal(child.joinSync(), true);
    assert.throws(() => here.sendSync(2), EOFError);
    here.close();
  }
});

test('a process that is killed in the middle of a large message leaves whole messages only', {
  skip: isNative ? false : 'needs processes',
}, async () => {
  const [reader, writer] = Pipe<Uint8Array>(false);
  const child = new Process({
    target: (end: Connection<Uint8Array>) => {
      for (let n = 0; ; n += 1) end.sendSync(new Uint8Array(100_000 + (n % 7) * 1000).fill(n % 251));
    },
    args: [writer],
  }).start();
  writer.close();
  let n = 0;
  for await (const message of reader) {
    assert.equal(message.length, 100_000 + (n % 7) * 1000);
    assert.equal(message[0], n % 251);
    assert.equal(message.at(-1), n % 251);
    n += 1;
    if (n === 100) child.kill();
  }
  assert.ok(n >= 100);
  await child.join();
});

test('a program whose only wait is for a pipe whose other side has died ends', { skip: isNative ? false : 'needs processes' }, async () => {
  const program = `
    import { Pipe, Process } from 'heddle';
    const [here, there] = Pipe();
    const child = new Process({ target: (end) => { end.sendSync('ready'); end.recvSync(); }, args: [there], daemon: true }).start();
    there.close();
    console.log(await here.recv());
    child.kill();
    try { await here.recv(); } catch (error) { console.log(error.name); }
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000 });
  assert.equal(stdout, 'ready\nEOFError\n');
});

/** Sends an end to a pool whose only worker is busy, and takes it back. */
const takenBack: Record<string, (pool: ThreadPoolExecutor, end: Connection) => unknown> = {
  'a task that is cancelled before it was sent': (pool, end) => {
    const future = pool.submit((mine: Connection) => mine.recvSync(), end);
    return () => future.cancel();
  },
  'a task whose signal aborts before it was sent': (pool, end) => {
    const controller = new AbortController();
    pool
      .with({ signal: controller.signal })
      .submit((mine: Connection) => mine.recvSync(), end)
      .catch(() => {});
    return () => controller.abort();
  },
  'a map that is left before its items were sent': (pool, end) => {
    const results = pool.map((mine: Connection) => mine.recvSync(), [end, end], { chunkSize: 1 });
    results.next().catch(() => {});
    return () => results.return!();
  },
};

for (const [what, give] of Object.entries(takenBack)) {
  test(`an end in ${what} is held no longer`, async () => {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const [began, goOn] = [new Event(), new Event()];
    const busy = pool.submit(() => {
      began.set();
      goOn.waitSync();
    });
    await began.wait();
    const [here, there] = Pipe();
    const takeBack = give(pool, there) as () => unknown;
    there.close();
    assert.equal(await here.poll(), false);
    takeBack();
    await assert.rejects(Promise.resolve(here.recv()), EOFError);
    here.close();
    goOn.set();
    await busy;
    await pool.shutdown();
  });
}
