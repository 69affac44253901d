/**
 * Values that are too large for messages: they lie in the server, under a key that ends by itself, or in a store of the user's. The message has the name.
 */

import { randomUUID } from 'node:crypto';
import { expected } from '../../check.ts';
import { SerializationError } from '../../errors.ts';
import { TypeError } from '../../refusals.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { LargeHead } from '../tasks/messages.ts';
import { Seal } from './envelope.ts';

/** Keeps large values in place of the server, such as a bucket or a shared disk. Both sides must be given the same. */
export interface DistributedStore {
  /** Keeps the bytes under the key; a promise is awaited, as that of the other methods is. It may forget them after `ttl` milliseconds. */
  put(key: string, bytes: Uint8Array, ttl: number): unknown;
  /** The bytes; null or undefined if there are none. */
  get(key: string): PromiseLike<Uint8Array | null | undefined> | Uint8Array | null | undefined;
  /** Removes the bytes; a key that is not there is not an error. */
  delete(key: string): unknown;
}

/** Bytes from which on a message does not travel itself. */
export const largeFrom: number = 1024 * 1024;
/** Milliseconds that large values are kept if nothing removes them. */
const keptFor = 60 * 60 * 1000;

/** @throws TypeError */
export function checkStore(store: unknown): DistributedStore | undefined {
  if (store === undefined) return undefined;
  const { put, get, delete: remove } = (typeof store === 'object' && store !== null ? store : {}) as Partial<DistributedStore>;
  if (typeof put !== 'function' || typeof get !== 'function' || typeof remove !== 'function')
    throw new TypeError(expected('store', 'an object with the methods put, get and delete', store));
  return store as DistributedStore;
}

/** A pointer to a message is not signed: the message is. */
const open = new Seal(undefined);
const purpose = 'large';

export class LargeValues {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #store: DistributedStore | undefined;

  constructor(connection: Connection, keys: Keys, store: DistributedStore | undefined) {
    this.#connection = connection;
    this.#keys = keys;
    this.#store = store;
  }

  /** Puts a large message aside. Returns the message that points to it, and the key. */
  async put(message: Buffer): Promise<{ readonly pointer: Buffer; readonly key: string }> {
    const key = this.#keys.large(randomUUID());
    if (this.#store !== undefined) await this.#store.put(key, message, keptFor);
    else await this.#connection.call('set', [key, message, 'PX', keptFor], { isRepeatable: true });
    return { pointer: open.close(purpose, { large: key } satisfies LargeHead, []), key };
  }

  /** Where the message lies that this one points to; undefined: it is the message itself. */
  keyIn(message: Buffer): string | undefined {
    // A signed message is no pointer.
    if (message[0] !== 0 || message.length > 1024) return undefined;
    const { head } = open.open<Partial<LargeHead>>(purpose, message);
    return typeof head.large === 'string' && head.large.startsWith(this.#keys.large('')) ? head.large : undefined;
  }

  /** @throws SerializationError if it is gone */
  async get(key: string): Promise<Buffer> {
    const found = (
      this.#store === undefined
        ? await this.#connection.call('get', [key], { isBinary: true, isRepeatable: true })
        : await this.#store.get(key)
    ) as Uint8Array | null | undefined;
    if (found === null || found === undefined) throw new SerializationError(`a large value is gone from its store: ${key}`);
    return Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  }

  async delete(key: string): Promise<void> {
    if (this.#store === undefined) await this.#connection.call('unlink', [key], { isRepeatable: true });
    else await this.#store.delete(key);
  }

  /** Keys that must be kept alive by heartbeats: those at the server. */
  get areAtServer(): boolean {
    return this.#store === undefined;
  }
}
