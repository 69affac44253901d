// A Redis server of the benchmark's own, on a Unix socket in a folder that goes with it, or that of REDIS_URL.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts it, without a log on disk: what is measured is the way there and back. */
export async function startServer() {
  const { REDIS_URL: url } = process.env;
  if (url !== undefined) return { url, path: url, close: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const path = join(folder, 'redis.sock');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], { stdio: 'ignore' });
  const exit = new Promise((resolve) => server.once('exit', resolve));
  const failed = new Promise((_, reject) => server.once('error', () => reject(new Error('needs redis-server in PATH, or REDIS_URL'))));
  const started = (async () => {
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 5));
  })();
  await Promise.race([started, failed]);
  return {
    url: `unix://${path}`,
    path,
    close: async () => {
      server.kill();
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
