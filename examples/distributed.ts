/**
 * A map over two workers, one of which dies in the middle of it. Here all is on one machine; elsewhere the server and the workers are started by hand:
 *
 *     redis-server                                             on one machine
 *     heddle worker --url redis://…                            on each of the others, in the folder of the program
 *
 * It needs a `redis-server` (Debian: apt-get install redis-server), and the packages bullmq and ioredis.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DistributedExecutor } from 'heddle/distributed';
import { countPrimes } from './distributed-tasks.ts';

const items = 400;
const below = 20_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const url = `redis://127.0.0.1:${await freePort()}`;
const folder = mkdtempSync(join(tmpdir(), 'heddle-distributed-'));
const server = spawn('redis-server', ['--port', new URL(url).port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''], {
  stdio: 'ignore',
});
server.on('error', () => {
  console.error('this example needs redis-server: apt-get install redis-server');
  process.exit(1);
});

function startWorker(): ChildProcess {
  const cli = fileURLToPath(new URL('cli/main.js', import.meta.resolve('heddle')));
  return spawn(process.execPath, [cli, 'worker', '--url', url, '--jobs', '1', '--release', 'example', '--lock', '3000'], {
    stdio: 'ignore',
  });
}

const workers = [startWorker(), startWorker()];
const executor = new DistributedExecutor({ url, release: 'example' });
await executor.ready(2);
console.log('workers:', executor.statistics().workers);

let count = 0;
let sum = 0;
// Tasks that were lost with a worker may run again.
for await (const primes of executor.with({ idempotent: true }).map(countPrimes, Array<number>(items).fill(below), { chunkSize: 10 })) {
  count++;
  sum += primes;
  if (count === items / 4) {
    workers[0]!.kill('SIGKILL');
    console.log('one worker is killed');
  }
}
console.log('results:', count, 'of', items);
console.log('primes below', below, 'in each:', sum / count);

await executor.shutdown();
workers[1]!.kill('SIGTERM');
await once(workers[1]!, 'exit');
server.kill();
await once(server, 'exit');
rmSync(folder, { recursive: true });
