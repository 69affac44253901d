/**
 * What a task prints must be out before its end is known: else a program that ends with the task's result loses it.
 * A process writes at once what its reader has room for, and a socket has room for some 180 short lines; a thread hands its
 * output to the main thread in steps, each of which is acknowledged.
 */

import type { Writable } from 'node:stream';

/** Calls back when everything printed so far has left; returns false, without calling, if it has already. */
export function whenPrinted(callback: () => void): boolean {
  const pending = [process.stdout, process.stderr].filter((stream: Writable) => stream.writableLength > 0);
  let left = pending.length;
  for (const stream of pending) {
    stream.write('', () => {
      if (--left === 0) callback();
    });
  }
  return left > 0;
}
