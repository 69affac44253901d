/** Opens a file, or the standard input, as chunks of bytes that can be stopped at any time. */

import { createReadStream, open, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { isatty, ReadStream as TerminalStream } from 'node:tty';
import { OutsideError, UsageError } from '../usage-error.ts';

export interface Bytes {
  readonly chunks: AsyncIterable<Buffer>;
  /** For messages. */
  readonly name: string;
  /** Undefined for the standard input. */
  readonly path?: string;
  /** True if it can be read a second time: a regular file, not a pipe. */
  readonly isRepeatable: boolean;
  close(): void;
}

/**
 * @param path `-` is the standard input
 * @throws UsageError if it cannot be opened
 */
export async function openBytes(path: string): Promise<Bytes> {
  if (path === '-') return bytesOf(process.stdin, 'standard input', false);
  const stats = statOf(path);
  if (stats.isDirectory()) throw new UsageError(`cannot read ${path}: it is a directory`);
  const fd = await new Promise<number>((opens, reject) => {
    open(path, (error, opened) => (error === null ? opens(opened) : reject(new UsageError(`cannot read ${path}: ${reasonOf(error)}`))));
  });
  const stream = streamOf(fd, stats);
  return { ...bytesOf(stream, path, stats.isFile()), path };
}

/**
 * A read of a pipe or a terminal may never end. As a read of a file, it holds a thread of Node's that this process would wait for at exit.
 * Through the event loop it holds nothing.
 */
function streamOf(fd: number, stats: Stats): Readable {
  if (stats.isFIFO() || stats.isSocket()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new TerminalStream(fd);
  return createReadStream('', { fd });
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

function bytesOf(stream: Readable, name: string, isRepeatable: boolean): Bytes {
  let isOpen = true;
  // An error after the close has no reader.
  stream.on('error', () => {});
  return {
    name,
    isRepeatable,
    chunks: (async function* () {
      try {
        for await (const chunk of stream) yield chunk as Buffer;
      } catch (error) {
        // Closing it ends a pending read with an error, which is what was wanted.
        if (isOpen) throw new OutsideError(`cannot read on in ${name}: ${reasonOf(error)}`, { cause: error });
      }
    })(),
    close: () => {
      isOpen = false;
      stream.destroy();
    },
  };
}

/** True if two paths lead to one regular file, which need not exist yet. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  if (first === undefined || second === undefined) return first === second && resolve(a) === resolve(b);
  return first.isFile() && first.dev === second.dev && first.ino === second.ino;
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EMFILE: 'too many open files',
  ENOSPC: 'the disk is full',
  EFBIG: 'the file would be too large',
  ERR_ACCESS_DENIED: "Node's permission model forbids it",
};

/** An error of the file system in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: string; message?: string };
  return REASONS[code ?? ''] ?? message ?? String(error);
}
