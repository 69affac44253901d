import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WorkerLost } from 'heddle';
import { DistributedExecutor } from 'heddle/distributed';
import { until } from '../pool/collect.ts';
import { startProgram, startWorker } from './processes.ts';
import { freeName, noOwnServer, startServer, type TestServer } from './server.ts';
import * as tasks from './tasks.ts';

/** A machine with much to do must not make a worker look lost. */
const briefly = ['--lock', '3000'];

describe('deaths', { skip: noOwnServer }, () => {
  let server: TestServer;
  let directory: string;
  let files = 0;
  const release = 'test';

  before(async () => {
    server = await startServer({ appendOnly: true });
    directory = mkdtempSync(join(tmpdir(), 'heddle-deaths-'));
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Files by which a task says that it has begun, and is let go. */
  function gate(): { readonly begun: () => number; readonly args: [string, string]; open: () => void } {
    const name = `gate${++files}`;
    const end = join(directory, `${name}.end`);
    return {
      begun: () => readdirSync(directory).filter((file) => file.startsWith(`${name}-`)).length,
      args: [join(directory, name), end],
      open: () => writeFileSync(end, ''),
    };
  }

  test('the task of a worker that is killed is rejected, or runs again elsewhere if it may', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release });
    await using first = await startWorker(server.url, queue, ['-j', '3', ...briefly]);
    const once = gate();
    const again = gate();
    const retried = gate();
    const lost = executor.submit(tasks.untilFile, ...once.args);
    const idempotent = executor.with({ idempotent: true }).submit(tasks.untilFile, ...again.args);
    const tried = executor.with({ retries: 1 }).submit(tasks.untilFile, ...retried.args);
    await until(() => once.begun() + again.begun() + retried.begun() === 3);
    await using second = await startWorker(server.url, queue, ['-j', '3', ...briefly]);
    await first.end('SIGKILL');
    const error = await lost.then(
      () => assert.fail(),
      (thrown: unknown) => thrown as WorkerLost,
    );
    assert.ok(error instanceof WorkerLost);
    assert.equal(error.pid, first.child.pid);
    assert.match(error.message, /with its machine: the heddle worker \d+ on .* has not been heard of for 3000 ms/);
    await until(() => again.begun() + retried.begun() === 4);
    again.open();
    retried.open();
    await Promise.all([idempotent, tried]);
    assert.equal(once.begun(), 1);
    await second.end('SIGTERM');
  });

  test('a worker that is told to end finishes what it runs, and takes nothing more', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release });
    await using worker = await startWorker(server.url, queue, ['-j', '1']);
    const running = gate();
    const future = executor.submit(tasks.untilFile, ...running.args);
    await until(() => running.begun() === 1);
    worker.child.kill('SIGTERM');
    await until(() => worker.said().includes('SIGTERM: ends when 1 task has ended'));
    const waiting = executor.submit(tasks.double, 1);
    running.open();
    await future;
    await worker.end('SIGTERM');
    await using next = await startWorker(server.url, queue, ['-j', '1']);
    assert.equal(await waiting, 2);
    assert.equal(await next.end('SIGTERM'), 0);
  });

  test('what a worker runs when its grace is over is lost', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release });
    await using worker = await startWorker(server.url, queue, ['-j', '1', '--grace', '0']);
    const running = gate();
    const future = executor.submit(tasks.untilFile, ...running.args);
    await until(() => running.begun() === 1);
    const lost = assert.rejects(future, /was ended with its heddle worker, which was told to end/);
    assert.equal(await worker.end('SIGTERM'), 0);
    await lost;
  });

  test('the waiting tasks of a caller that dies are removed', async () => {
    const queue = freeName();
    await using worker = await startWorker(server.url, queue, ['-j', '1']);
    const running = gate();
    await using caller = await startProgram(new URL('caller.js', import.meta.url), [server.url, queue, ...running.args]);
    await until(() => running.begun() === 1);
    await caller.end('SIGKILL');
    const jobs = `heddle:jobs:{${queue}}:test:prioritized`;
    while ((await server.command('ZCARD', jobs)) !== ':0');
    running.open();
    await worker.end('SIGTERM');
    // The rest of the caller ends by itself: it may only have been cut off, and come back.
    const left = (await server.command('KEYS', `heddle:tasks:{${queue}}:*`)).split('\r\n').filter((line) => line.startsWith('heddle'));
    for (const key of left) assert.match(await server.command('PTTL', key), /^:\d+$/, key);
  });

  test('a worker that was stopped, and goes on, is told of no second result', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release });
    await using worker = await startWorker(server.url, queue, ['-j', '1', ...briefly]);
    const running = gate();
    const future = executor.with({ idempotent: true }).submit(tasks.untilFile, ...running.args);
    await until(() => running.begun() === 1);
    worker.child.kill('SIGSTOP');
    await using other = await startWorker(server.url, queue, ['-j', '1', ...briefly]);
    await until(() => running.begun() === 2);
    worker.child.kill('SIGCONT');
    running.open();
    const pid = await future;
    assert.equal(await executor.submit(tasks.double, 2), 4);
    assert.equal(typeof pid, 'number');
    await worker.end('SIGTERM');
    await other.end('SIGTERM');
  });

  test('a server that is killed, and comes back with its log, loses no task', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release });
    await using worker = await startWorker(server.url, queue, ['-j', '2']);
    await executor.ready();
    const running = gate();
    const future = executor.submit(tasks.untilFile, ...running.args);
    await until(() => running.begun() === 1);
    const many = Array.from({ length: 500 }, (_, i) => executor.submit(tasks.double, i));
    await many[0];
    await server.kill();
    const during = executor.submit(tasks.double, 1000);
    running.open();
    await server.start();
    assert.equal(typeof (await future), 'number');
    assert.deepEqual(
      await Promise.all(many),
      Array.from({ length: 500 }, (_, i) => i * 2),
    );
    assert.equal(await during, 2000);
    await worker.end('SIGTERM');
  });
});
