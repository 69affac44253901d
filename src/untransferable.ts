/**
 * Buffers over memory that is not their own: another owner frees it, so they must not give it away. Node refuses to transfer them in a message. The
 * language's own `transfer()`, since Node 22, would detach them: they have methods of their own that refuse it.
 */

import { TypeError } from './refusals.ts';

const marked = new WeakSet<object>();

/** The message of the error for a transfer. */
export const transferRefusal = 'the memory of this ArrayBuffer is shared and cannot be transferred: transfer a copy of it, slice()';

function refuse(): never {
  throw new TypeError(transferRefusal);
}

const refusing: PropertyDescriptor = { value: refuse, writable: false, enumerable: false, configurable: false };
/** Node 20 has neither. */
const methods: readonly string[] = ['transfer', 'transferToFixedLength'].filter((name) => name in ArrayBuffer.prototype);

/** Lets an ArrayBuffer refuse to be transferred. */
export function refuseTransfer(buffer: ArrayBuffer): void {
  for (const name of methods) Object.defineProperty(buffer, name, refusing);
  marked.add(buffer);
}

export function isUntransferable(buffer: object): boolean {
  return marked.has(buffer);
}

/** Own keys of an object; of a buffer without those of the methods that refuse. */
export function keysOfBuffer(buffer: object): PropertyKey[] {
  const keys = Reflect.ownKeys(buffer);
  return keys.length > 0 && marked.has(buffer) ? keys.filter((key) => !methods.includes(key as string)) : keys;
}
