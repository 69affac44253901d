/**
 * The output of a task must be out before its end is known: otherwise a program that ends with the task's result loses it. A process writes
 * at once what its reader has space for, and a socket has space for some 180 short lines. A thread hands its output to the main thread in
 * steps, each of which is acknowledged.
 *
 * A task may have replaced `process.stdout`, or its `write`. The end of such output is unknown, and none of it leaves by the worker's own
 * streams: only those are waited for.
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

/** True if printed output has not left. */
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

/** Corked output leaves when the program uncorks it, perhaps never. */
function isLeaving(stream: Writable): boolean {
  return stream.writableLength > 0 && stream.writableCorked === 0;
}
