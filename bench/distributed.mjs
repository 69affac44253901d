// node bench/distributed.mjs: what tasks on several machines cost, beside BullMQ alone. Needs redis-server and `npm run build`.
//
//   a server of its own on the loopback ◄── callers and workers, each a process
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { DistributedExecutor } from '../dist/distributed/index.js';
import { Redis } from 'ioredis';
import { double } from './distributed-tasks.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const scenarios = process.argv.slice(2);
const wants = (name) => scenarios.length === 0 || scenarios.includes(name);
const tasks = 20_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
let server;
async function startServer() {
  server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'], {
    stdio: 'ignore',
  });
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  await redis.ping();
  redis.disconnect();
}
async function startWorker(...args) {
  const child = spawn(
    process.execPath,
    [here('../dist/cli/main.js'), 'worker', '--url', url, '--release', 'bench', '--lock', '3000', ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await once(child.stderr, 'data');
  child.stderr.resume();
  return child;
}
async function end(child, signal = 'SIGTERM') {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
const rate = (count, ms) => `${Math.round((count / ms) * 1000).toLocaleString('en')}/s`;
const say = (what, figure) => console.log(`${what.padEnd(60)} ${figure}`);
async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

await startServer();
if (wants('bare')) await bare();
if (wants('rates')) await rates();
if (wants('accidents')) await accidents();
await end(server, 'SIGKILL');
rmSync(folder, { recursive: true });

/** BullMQ alone: as many jobs, by the same call, to a worker that is another process. */
async function bare() {
  const connection = () => new Redis(url, { maxRetriesPerRequest: null });
  const child = spawn(process.execPath, [here('distributed-bare.mjs'), url], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const redis = connection();
  const queue = new Queue('bare', { connection: redis });
  const watch = connection();
  for (let round = 0; round < 3; round++) {
    const key = `done:${round}`;
    const ms = await timed(async () => {
      for (let i = 0; i < tasks; i += 500)
        await queue.addBulk(Array.from({ length: 500 }, (_, j) => ({ name: key, data: i + j, opts: { removeOnComplete: true } })));
      while (Number(await watch.get(key)) < tasks) await sleep(5);
    });
    say('BullMQ alone, single jobs', rate(tasks, ms));
  }
  await end(child, 'SIGKILL');
  await queue.close();
  redis.disconnect();
  watch.disconnect();
}

async function rates() {
  const worker = await startWorker('-j', '2');
  const executor = new DistributedExecutor({ url, release: 'bench' });
  await executor.ready();
  await executor.broadcast(double, 1);
  for (let i = 0; i < 100; i++) await executor.submit(double, i);
  const trips = 500;
  const trip = await timed(async () => {
    for (let i = 0; i < trips; i++) await executor.submit(double, i);
  });
  say('round trip of one task', `${((trip / trips) * 1000).toFixed(0)} µs`);
  for (let round = 0; round < 3; round++) {
    const ms = await timed(() => Promise.all(Array.from({ length: tasks }, (_, i) => executor.submit(double, i))));
    say('single tasks', rate(tasks, ms));
  }
  const items = Array.from({ length: 1_000_000 }, (_, i) => i);
  for (let round = 0; round < 3; round++) {
    const ms = await timed(() => executor.map(double, items).toArray());
    say('map of small items', rate(items.length, ms));
  }
  await executor.shutdown();
  await end(worker);
}

/** 20,000 tasks with `retries: 10`, and what may happen meanwhile. */
async function accidents() {
  const kinds = {
    'with a caller that is busy for 3 s': async () => {
      await sleep(200);
      const until = Date.now() + 3000;
      while (Date.now() < until);
    },
    'with a worker killed each second': async (workers, isOver) => {
      for (let i = 0; !isOver(); i++) {
        await sleep(1000);
        const at = i % workers.length;
        await end(workers[at], 'SIGKILL');
        workers[at] = await startWorker('-j', '1');
      }
    },
    'with the server killed and restarted once': async () => {
      await sleep(500);
      await end(server, 'SIGKILL');
      await startServer();
    },
  };
  for (const [name, accident] of Object.entries(kinds)) {
    const workers = [await startWorker('-j', '1'), await startWorker('-j', '1')];
    const executor = new DistributedExecutor({ url, release: 'bench' });
    await executor.ready(2);
    let isOver = false;
    let right = 0;
    const ms = await timed(async () => {
      const tried = executor.with({ retries: 10 });
      const all = Promise.all(
        Array.from({ length: tasks }, (_, i) => tried.submit(double, i).then((value) => (right += value === 2 * i ? 1 : 0))),
      ).finally(() => (isOver = true));
      await Promise.all([all, accident(workers, () => isOver)]);
    });
    say(`results of ${tasks} tasks ${name}`, `${right} in ${(ms / 1000).toFixed(1)} s`);
    await executor.shutdown();
    for (const worker of workers) await end(worker);
  }
}
