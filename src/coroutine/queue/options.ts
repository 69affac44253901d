/** The options of `put` and `get`: how long to wait, and many items at once. */

import { checkBoolean, expected } from '../../check.ts';
import { readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { TypeError } from '../../refusals.ts';

/** How long to wait for space or for an item, and a signal that ends the wait early. */
export interface BlockOptions extends WaitOptions {
  /** False: do not wait, as `timeout: 0`. Default true. */
  readonly block?: boolean | undefined;
}

const keys = ['block', 'timeout', 'signal'] as const;

export function readBlockOptions(options: number | BlockOptions | undefined): WaitOptions | undefined {
  if (options === undefined) return undefined;
  const read = readWaitOptions(options, keys);
  if (typeof options === 'number') return read;
  checkBoolean(options.block, 'block');
  return options.block === false ? { timeout: 0, signal: read.signal } : read;
}

export function readItems<T>(items: Iterable<T>): T[] {
  if (typeof (items as Iterable<T> | undefined | null)?.[Symbol.iterator] === 'function') return Array.from(items);
  throw new TypeError(expected('items', 'an iterable', items));
}
