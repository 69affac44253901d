import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DistributedExecutor, DistributedWorker } from '#src/distributed/index.js';
import { Seal } from '#src/distributed/server/envelope.js';
import { readRelease } from '#src/distributed/tasks/release.js';
import { encode } from '#src/codec/index.js';
import { captureFunction } from '#src/codec/host.js';
import { until } from '../pool/collect.ts';
import { freeName, noServer, startServer, type TestServer } from './server.ts';
import { double } from './plain-tasks.ts';

const release = 'test';
const authkey = 'a secret of callers and workers';
const network = { kind: 'network' } as const;

describe('messages that are not those of a caller', { skip: noServer }, () => {
  let server: TestServer;

  before(async () => {
    server = await startServer();
  });

  after(() => server[Symbol.asyncDispose]());

  /** Puts a job into a queue as any writer to the server can. */
  async function inject(queue: string, id: string, message: Buffer): Promise<void> {
    const { Queue } = await import('bullmq');
    const { Redis } = await import('ioredis');
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    const jobs = new Queue(release, { connection: redis, prefix: `heddle:jobs:{${queue}}` });
    await jobs.add('task', message.toString('base64'), { jobId: id });
    await jobs.close();
    redis.disconnect();
  }

  /** A task of a caller that is alive, as one without the key can write it. */
  async function forge(
    queue: string,
    seal: Seal,
    number: number,
    fn: (...args: never[]) => unknown,
    args: unknown[],
    border = { ...network, code: true },
  ): Promise<void> {
    const caller = 'forged-caller';
    await server.command('SET', `heddle:tasks:{${queue}}:alive:${caller}`, '1');
    const capsule = captureFunction(fn, border);
    const packet = encode(args, { border });
    const head = {
      kind: 'call',
      caller,
      number,
      id: 1,
      name: 'f',
      attempt: 1,
      release,
      home: readRelease(release).home,
      fnModules: capsule.packet.modules,
    };
    await inject(queue, `${caller}-${number}`, seal.close(`task heddle:tasks:{${queue}}:`, head, [capsule.packet.bytes, packet.bytes]));
  }

  const marker = (): string => join(tmpdir(), `heddle-${freeName()}`);

  test('that bring source, or name what no release has, run nothing where no key is', async () => {
    const queue = freeName();
    await using worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 1 });
    await worker.start();
    const seal = new Seal(undefined);
    const bySource = marker();
    const { writeFileSync } = await import('node:fs');
    await forge(queue, seal, 1, (file: string) => process.getBuiltinModule('node:fs').writeFileSync(file, ''), [bySource]);
    const byName = marker();
    await forge(queue, seal, 2, writeFileSync, [byName, '']);
    await forge(queue, seal, 3, Function.prototype.constructor as never, ['return 1']);
    await until(() => worker.statistics().completed === 3);
    assert.deepEqual([existsSync(bySource), existsSync(byName)], [false, false]);
    // A task that takes a while is also said to have begun.
    const replies = await server.command('LRANGE', `heddle:tasks:{${queue}}:replies:forged-caller`, '0', '-1');
    assert.equal(replies.split('"isOk":false').length, 4, replies);
    assert.doesNotMatch(replies, /"isOk":true/);
  });

  test('that are not signed, signed by another key, or altered are refused, counted, and told to the caller', async () => {
    const queue = freeName();
    await using worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 1, authkey });
    await worker.start();
    await using unsigned = new DistributedExecutor({ url: server.url, queue, release });
    await assert.rejects(unsigned.submit(double, 1), { name: 'AuthenticationError', message: /not signed, and there is an authkey here/ });
    await using other = new DistributedExecutor({ url: server.url, queue, release, authkey: 'another secret, as long' });
    await assert.rejects(other.submit(double, 1), { name: 'AuthenticationError', message: /another authkey, was altered/ });
    await using right = new DistributedExecutor({ url: server.url, queue, release, authkey });
    assert.equal(await right.submit(double, 1), 2);
    assert.equal(worker.statistics().refused, 2);
    const altered = new Seal(Buffer.from(authkey)).close(`task heddle:tasks:{${queue}}:`, { kind: 'call', caller: 'x', number: 1 }, [
      Buffer.from('ab'),
    ]);
    altered[altered.length - 1]! ^= 1;
    await inject(queue, 'x-1', altered);
    await until(() => worker.statistics().refused === 3);
    await inject(queue, 'x-2', Buffer.from('no message at all'));
    await until(() => worker.statistics().refused === 4);
  });

  test('that were sent before do not run again, and are counted', async () => {
    const queue = freeName();
    await using worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 1, authkey });
    await worker.start();
    const seal = new Seal(Buffer.from(authkey));
    await forge(queue, seal, 7, double, [1], network as never);
    await until(() => worker.statistics().completed === 1);
    await forge(queue, seal, 7, double, [1], network as never);
    await until(() => worker.statistics().replayed === 1);
    assert.equal(worker.statistics().completed, 1);
  });

  test('a reply that no worker has signed is not believed', async () => {
    const queue = freeName();
    await using executor = new DistributedExecutor({ url: server.url, queue, release, authkey });
    const future = executor.submit(double, 21);
    await until(() => executor.statistics().queued === 1);
    const { message } = await forgedReply(queue);
    await until(() => executor.statistics().refused > 0 || message === undefined);
    await using worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 1, authkey });
    await worker.start();
    assert.equal(await future, 42);
    assert.equal(executor.statistics().refused, 1);
  });

  async function forgedReply(queue: string): Promise<{ message: Buffer | undefined }> {
    let caller: string | undefined;
    while (caller === undefined) {
      const keys = await server.command('KEYS', `heddle:tasks:{${queue}}:alive:*`);
      caller = /alive:(\S+)/.exec(keys)?.[1];
    }
    const { bytes } = encode(99, { border: network });
    const head = { kind: 'ended', isOk: true, number: 1, home: readRelease(release).home };
    const message = new Seal(undefined).close(`reply heddle:tasks:{${queue}}: ${caller}`, head, [bytes]);
    const { Redis } = await import('ioredis');
    const redis = new Redis(server.url);
    await redis.rpush(`heddle:tasks:{${queue}}:replies:${caller}`, message);
    redis.disconnect();
    return { message };
  }

  test('closures travel where both sides allow it, and have the key', async () => {
    const queue = freeName();
    await using worker = new DistributedWorker({ url: server.url, queue, release, maxWorkers: 1, authkey, allowFunctions: true });
    await worker.start();
    await using executor = new DistributedExecutor({ url: server.url, queue, release, authkey, allowFunctions: true });
    const factor = 3;
    assert.equal(await executor.submit((n: number) => n * factor, 5), 15);
    const made = await executor.submit((n: number) => () => n, 4);
    assert.equal(made(), 4);
    await using careful = new DistributedWorker({ url: server.url, queue: `${queue}-2`, release, maxWorkers: 1, authkey });
    await careful.start();
    await using open = new DistributedExecutor({ url: server.url, queue: `${queue}-2`, release, authkey, allowFunctions: true });
    await assert.rejects(
      open.submit((n: number) => n * factor, 5),
      /source is taken only with allowFunctions: true and an authkey, on both sides/,
    );
  });

  test('a caller whose release no worker has is told so before anything runs', async () => {
    const queue = freeName();
    await using worker = new DistributedWorker({ url: server.url, queue, release: 'new', maxWorkers: 1 });
    await worker.start();
    await using executor = new DistributedExecutor({ url: server.url, queue, release: 'old' });
    await assert.rejects(executor.submit(double, 1), /no worker has the release old of this program: those that have joined have new/);
    assert.equal(worker.statistics().completed, 0);
  });
});
