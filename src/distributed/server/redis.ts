/** Loads ioredis, an optional peer dependency, when the first connection is made. Its types are not used: a program without it has none. */

import { createRequire } from 'node:module';
import { UnsupportedPlatformError } from '../../errors.ts';

export type RedisArgument = string | number | Buffer;

/** The part of a client of ioredis 5 or 6 that heddle uses. */
export interface Redis {
  readonly stream?: { ref(): unknown; unref(): unknown; destroy(): unknown } | undefined;
  connect(): Promise<void>;
  disconnect(): void;
  call(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  callBuffer(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

export type RedisClass = new (options: object) => Redis;

const majors = new Set(['5', '6']);
let loading: Promise<RedisClass> | undefined;

/** The class `Redis` of ioredis. @throws UnsupportedPlatformError if there is none, or another version */
export function loadRedis(): Promise<RedisClass> {
  loading ??= Promise.resolve()
    .then(load)
    .catch((error: unknown) => {
      // The program may install it, or resolve it otherwise, and try again.
      loading = undefined;
      throw error;
    });
  return loading;
}

/** Uses this class from now on, instead of that of the package. */
export function useRedis(Class: RedisClass): void {
  loading = Promise.resolve(Class);
}

/** Loads an optional peer. The name is no literal at its import: bundlers of programs without the peer must not look for it. */
export function loadPeer(name: string): unknown {
  return createRequire(import.meta.url)(name);
}

function load(): RedisClass {
  try {
    const { version } = loadPeer('ioredis/package.json') as { readonly version: string };
    const major = version.split('.', 1)[0] as string;
    if (!majors.has(major)) throw new UnsupportedPlatformError(`heddle/distributed needs ioredis 5 or 6, and found ${version}`);
    const { Redis } = loadPeer('ioredis') as { readonly Redis: RedisClass };
    return Redis;
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new UnsupportedPlatformError('heddle/distributed needs the package ioredis, version 5 or 6: npm install ioredis', { cause });
  }
}
