/** A Redis server for the blocks that ask for one by `REDIS_URL`: that of the environment, or one of their own on a socket in a folder that goes with it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BlockServer {
  /** Undefined: there is none, and blocks that need one are skipped. */
  readonly url: string | undefined;
  end(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

export async function startServer(): Promise<BlockServer> {
  const { REDIS_URL: url } = process.env;
  if (url !== undefined) return { url, end: nothing };
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  const path = join(folder, 'redis.sock');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], { stdio: 'ignore' });
  const state = { isOver: false };
  const exit = new Promise<void>((resolve) => {
    const over = (): void => {
      state.isOver = true;
      rmSync(folder, { recursive: true, force: true });
      resolve();
    };
    server.once('exit', over).once('error', over);
  });
  while (!state.isOver && !(await answers(path))) await new Promise(setImmediate);
  if (state.isOver) return { url: undefined, end: nothing };
  return {
    url: `unix://${path}`,
    end: () => {
      server.kill();
      return exit;
    },
  };
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
