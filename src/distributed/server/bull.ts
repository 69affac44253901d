/** Loads BullMQ, an optional peer dependency, and gives it its connections. Its types are not used: a program without it has none. */

import { UnsupportedPlatformError } from '../../errors.ts';
import type { Backend } from './backend.ts';
import { loadPeer, loadRedis, type Redis } from './redis.ts';

export interface BullJob {
  readonly id: string;
  readonly data: unknown;
}

export interface BullQueue {
  addBulk(jobs: readonly { readonly name: string; readonly data: unknown; readonly opts: object }[]): Promise<unknown>;
  remove(id: string): Promise<unknown>;
  close(): Promise<void>;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

export interface BullWorker {
  concurrency: number;
  run(): Promise<void>;
  pause(doNotWaitActive?: boolean): Promise<void>;
  close(force?: boolean): Promise<void>;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

export interface Bull {
  readonly Queue: new (name: string, options: object) => BullQueue;
  readonly Worker: new (name: string, run: (job: BullJob) => Promise<unknown>, options: object) => BullWorker;
}

const major = '6';
let loading: Promise<Bull> | undefined;

/** @throws UnsupportedPlatformError if there is none, or another version */
export function loadBull(): Promise<Bull> {
  loading ??= Promise.resolve()
    .then(load)
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

function load(): Bull {
  let version: string;
  try {
    ({ version } = loadPeer('bullmq/package.json') as { readonly version: string });
  } catch (cause) {
    throw new UnsupportedPlatformError(
      'a DistributedExecutor and its workers need the package bullmq, version 6: npm install bullmq ioredis',
      { cause },
    );
  }
  if (version.split('.', 1)[0] !== major)
    throw new UnsupportedPlatformError(`a DistributedExecutor and its workers need bullmq 6, and found ${version}`);
  return loadPeer('bullmq') as Bull;
}

const longestWait = 2000;

/** A connection as BullMQ needs it: it comes back by itself, and what was called meanwhile is called then. It never keeps the process alive. */
export async function connectionFor(backend: Backend, failed: (error: Error) => void): Promise<Redis> {
  const Redis = await loadRedis();
  const { host, port, path, username, password, db, tls } = backend;
  const redis = new Redis({
    ...(path === undefined ? { host, port } : { path }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    db,
    protocol: 2,
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy: (times: number) => Math.min(longestWait, 50 * 2 ** Math.min(times, 8)) * (0.5 + Math.random() / 2),
  });
  redis.on('error', failed);
  redis.on('connect', () => redis.stream?.unref());
  return redis;
}
