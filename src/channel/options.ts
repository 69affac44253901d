/** The options of a queue's calls: how long to wait, whether to wait at all, and the memory that changes owner. */

import { types } from 'node:util';
import { checkBoolean, checkInteger, expected } from '../check.ts';
import { readWaitOptions, timeoutOfSync, type WaitOptions } from '../loop/index.ts';
import { TypeError } from '../refusals.ts';

/** How long to wait for room or for an item, and what ends the wait. */
export interface BlockOptions extends WaitOptions {
  /** `false`: does not wait at all, as a `timeout` of 0. Default true. */
  readonly block?: boolean | undefined;
}

/** The same, of a call that puts. */
export interface PutOptions extends BlockOptions {
  /** Buffers that change owner: they are empty here once the item was encoded, also if the put then ends by `Full` or `ShutDown`. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/** Of a call that blocks its thread: such a thread cannot hear a signal. */
export type SyncOptions = Omit<BlockOptions, 'signal'>;
/** Options of the Sync forms that put items. */
export type PutSyncOptions = Omit<PutOptions, 'signal'>;

const getKeys = ['block', 'timeout', 'signal'] as const;
const putKeys = [...getKeys, 'transfer'] as const;

export function readBlockOptions(options: number | BlockOptions | undefined, isPut: boolean): WaitOptions | undefined {
  if (options === undefined) return undefined;
  const read = readWaitOptions(options, isPut ? putKeys : getKeys);
  if (typeof options === 'number') return read;
  checkBoolean(options.block, 'block');
  return options.block === false ? { timeout: 0, signal: read.signal } : read;
}

/** Milliseconds; Infinity: indefinitely. */
export function readSyncOptions(options: number | BlockOptions | undefined, isPut: boolean, promiseForm: string): number {
  const read = readBlockOptions(options, isPut);
  return read === undefined ? Infinity : timeoutOfSync(read, promiseForm);
}

export function transferOf(options: number | PutOptions | undefined): readonly ArrayBuffer[] | undefined {
  const transfer = typeof options === 'object' ? options.transfer : undefined;
  if (transfer === undefined) return undefined;
  const isList = Array.isArray(transfer) && transfer.every((one) => types.isArrayBuffer(one));
  if (!isList) throw new TypeError(expected('transfer', 'an array of ArrayBuffers', transfer));
  return transfer;
}

/** How many items to take at most. Infinity: all that are there. */
export function checkMost(max: number): void {
  if (max !== Infinity) checkInteger(max, 'max', 1);
}

/** Reads the items of an iterable, before any of them is put. @throws what the iterable throws */
export function readItems<T>(items: Iterable<T>): readonly T[] {
  if (typeof (items as Iterable<T> | undefined | null)?.[Symbol.iterator] === 'function') return Array.from(items);
  throw new TypeError(expected('items', 'an iterable', items));
}
