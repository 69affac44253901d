/**
 * What a task prints must be out before its end is known: else a program that ends with the task's result loses it.
 * A process writes at once what its reader has room for, and a socket has room for some 180 short lines; a thread hands its
 * output to the main thread in steps, each of which is acknowledged.
 *
 * A task may have put something else in the place of `process.stdout`, or of its `write`. Nobody knows when that is done, and
 * nothing of it leaves by the worker's own streams: only those are waited for.
 */

import { Writable } from 'node:stream';

/** Node makes the streams when they are first read, and keeps them. */
function reader(name: 'stdout' | 'stderr'): () => Writable {
  const { get } = Object.getOwnPropertyDescriptor(process, name) ?? {};
  return () => (get === undefined ? process[name] : (get.call(process) as Writable));
}

const readOut = reader('stdout');
const readErr = reader('stderr');
let out: Writable | undefined;
let err: Writable | undefined;

const write = Writable.prototype.write as (this: Writable, text: string, written: () => void) => boolean;

/** Whether something that was printed has not left. */
export function isPrinting(): boolean {
  return isLeaving((out ??= readOut())) || isLeaving((err ??= readErr()));
}

/** Calls back when everything printed so far has left. Something of it has not. */
export function whenPrinted(callback: () => void): void {
  const pending = [readOut(), readErr()].filter(isLeaving);
  let left = pending.length;
  for (const stream of pending) {
    write.call(stream, '', () => {
      if (--left === 0) callback();
    });
  }
}

/** What is corked leaves when the program says so, which may be never. */
function isLeaving(stream: Writable): boolean {
  return stream.writableLength > 0 && stream.writableCorked === 0;
}
