/**
 * A map that programs of many machines share.
 *
 *   key   hash: a field is a key as text, its value bytes of the codec
 *
 * `update` reads a value, calls a function here, and writes if the value is still the one that was read; else again.
 */

import { checkFunction } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import type { AsyncItemIterator } from '../../iteration.ts';
import { readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { TimeoutError } from '../../errors.ts';
import { monotonicNow, setTimeout } from '../../real-timers.ts';
import { TypeError } from '../../refusals.ts';
import type { BackendOptions } from '../server/backend.ts';
import { script } from '../server/client.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from './distributed-object.ts';
import type { SharedMapKey } from '../../shared-map/index.ts';
import { decodeKey, encodeKey } from './map-key.ts';
import type { Remote } from './remote.ts';
import { common } from './scripts.ts';
import { type DistributedValueOptions, valueKeys, Values } from './values.ts';

/** The options of a `DistributedMap`. */
export interface DistributedMapOptions extends BackendOptions, DistributedValueOptions {}

/** A map in numbers. */
export interface DistributedMapStatistics {
  /** How many entries there are. */
  readonly size: number;
  /** Memory that it takes at the server, in bytes. */
  readonly bytes: number;
}

// ARGV: head, field, value
const setScript = script(`${common}
if recorded() then return 1 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
record(1)
return 1
`);

const deleteScript = script(`${common}
local before = recorded()
if before then return tonumber(before) end
local count = redis.call('HDEL', KEYS[1], ARGV[2])
record(count)
return count
`);

const clearScript = script(`${common}
if recorded() then return 1 end
redis.call('DEL', KEYS[1])
record(1)
return 1
`);

// ARGV: head, field, new value, 1 if there was a value, that value
const replaceScript = script(`${common}
local before = recorded()
if before then return tonumber(before) end
local now = redis.call('HGET', KEYS[1], ARGV[2])
local isSame = ARGV[4] == '1' and now == ARGV[5] or ARGV[4] == '0' and not now
if isSame then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
record(isSame and 1 or 0)
return isSame and 1 or 0
`);

/** Entries in one answer of a scan. */
const scanned = 256;
/** Milliseconds that an update waits at most before it tries again. */
const longestPause = 64;

const variety: Variety = { kind: 'map', parts: [], known: valueKeys };

/**
 * A map that programs of many machines share by its name. Keys are primitives and arrays of primitives, equal as `Map` has it, arrays by content. Values are
 * what may be an item of a `DistributedQueue`; what `get` gives is a copy.
 *
 * @example
 * ```ts
 * import { DistributedMap } from 'heddle/distributed';
 *
 * await using counts = new DistributedMap<string, number>('counts', { url: process.env.REDIS_URL });
 * await counts.set('a', 1);
 * console.log(await counts.update('a', (n = 0) => n + 1)); // prints: 2
 * await counts.destroy();
 * ```
 */
export class DistributedMap<K extends SharedMapKey = SharedMapKey, V = unknown> extends DistributedObject implements AsyncIterable<[K, V]> {
  readonly #remote: Remote = remoteOf(this);
  readonly #values: Values;

  /** @throws TypeError, RangeError for a name or options that cannot be, and for a server that is refused */
  constructor(name: string, options?: DistributedMapOptions) {
    super(variety, name, [], options);
    this.#values = new Values(`map ${name}`, options);
  }

  /**
   * The value of a key; undefined if it has none.
   *
   * @throws TypeError, SerializationError for what cannot be a key
   * @throws BackendLost if the server cannot be reached
   */
  async get(key: K): Promise<V | undefined> {
    const bytes = await this.#bytesOf(encodeKey(key));
    return bytes === null ? undefined : ((await this.#values.open(bytes)) as V);
  }

  async #bytesOf(field: string): Promise<Buffer | null> {
    const { client, keys } = this.#remote;
    return (await client.call('hget', [keys[0] as string, field], { isBinary: true, isRepeatable: true })) as Buffer | null;
  }

  /** True if there is an entry with this key. @throws as `get` */
  async has(key: K): Promise<boolean> {
    const { client, keys } = this.#remote;
    return (await client.call('hexists', [keys[0] as string, encodeKey(key)], { isRepeatable: true })) === 1;
  }

  /** Sets the value of a key. @throws SerializationError if the value cannot cross to another machine, and as `get` */
  async set(key: K, value: V): Promise<void> {
    await this.#remote.run(setScript, [encodeKey(key), this.#values.pack(value, 'value')]);
  }

  /** Removes the entry of a key. True if there was one. @throws as `get` */
  async delete(key: K): Promise<boolean> {
    return (await this.#remote.run(deleteScript, [encodeKey(key)])) === 1;
  }

  /** Removes all entries. */
  async clear(): Promise<void> {
    await this.#remote.run(clearScript);
  }

  /** How many entries there are. */
  get size(): Promise<number> {
    const { client, keys } = this.#remote;
    return client.call('hlen', [keys[0] as string], { isRepeatable: true }) as Promise<number>;
  }

  /**
   * Sets the value of a key to what a function makes of it, in one step for all others. The function is called again if another changed the value meanwhile:
   * it should do nothing but compute. A throw leaves the old value.
   *
   * @param fn is given the value, or undefined if there is none; must not return a promise
   * @param options milliseconds, or `{ timeout, signal }`, for changes of others that come first; indefinitely by default
   * @returns the new value
   * @throws TimeoutError if others were quicker for longer than `timeout`; what the function throws; and as `set`
   */
  async update(key: K, fn: (value: V | undefined) => V, options?: number | WaitOptions): Promise<V> {
    checkFunction(fn, 'fn');
    const { timeout, signal } = readWaitOptions(options);
    const field = encodeKey(key);
    const started = monotonicNow();
    for (let tries = 0; ; tries += 1) {
      signal?.throwIfAborted();
      const old = await this.#bytesOf(field);
      const value = fn(old === null ? undefined : ((await this.#values.open(old)) as V));
      if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function')
        throw new TypeError('expected fn to return the new value, got a promise: an update is one step, and waits for nothing');
      const args = [field, this.#values.pack(value, 'value'), old === null ? 0 : 1, ...(old === null ? [] : [old])];
      if ((await this.#remote.run(replaceScript, args)) === 1) return value;
      if (monotonicNow() - started > timeout)
        throw new TimeoutError(`${this.#remote.title}: update() of a key that others changed all the time`);
      // The more have tried at once, the less often each tries.
      const pause = Math.random() * Math.min(longestPause, 2 ** tries);
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** `for await` over entries, see `entries`. */
  [Symbol.asyncIterator](): AsyncItemIterator<[K, V]> {
    return this.entries();
  }

  /** All entries. Each key that is there throughout comes once; one that comes or goes meanwhile, once or not at all. A value is that of some moment. */
  entries(): AsyncItemIterator<[K, V]> {
    return this.#scan(async (field, bytes) => [decodeKey(field) as K, (await this.#values.open(bytes)) as V]);
  }

  /** All keys, as `entries`. */
  keys(): AsyncItemIterator<K> {
    return this.#scan((field) => decodeKey(field) as K);
  }

  /** All values, as `entries`. */
  values(): AsyncItemIterator<V> {
    return this.#scan(async (_, bytes) => (await this.#values.open(bytes)) as V);
  }

  #scan<R>(read: (field: string, bytes: Buffer) => R | Promise<R>): AsyncItemIterator<R> {
    return this.#scanEach(read);
  }

  async *#scanEach<R>(read: (field: string, bytes: Buffer) => R | Promise<R>): AsyncGenerator<R, undefined> {
    const { client, keys } = this.#remote;
    const seen = new Set<string>();
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const answer = await client.call('hscan', [keys[0] as string, cursor, 'COUNT', scanned], { isBinary: true, isRepeatable: true });
      const [next, pairs] = answer as [Buffer, Buffer[]];
      cursor = String(next);
      for (let i = 0; i < pairs.length; i += 2) {
        const field = String(pairs[i]);
        // A table that grows or shrinks meanwhile shows some of its entries twice.
        if (seen.has(field)) continue;
        seen.add(field);
        yield await read(field, pairs[i + 1] as Buffer);
      }
    }
    return undefined;
  }

  /** The present state in numbers. @throws BackendLost if the server cannot be reached */
  async statistics(): Promise<DistributedMapStatistics> {
    const { client, keys } = this.#remote;
    const bytes = client.call('memory', ['usage', keys[0] as string], { isRepeatable: true }) as Promise<number | null>;
    return { size: await this.size, bytes: (await bytes) ?? 0 };
  }
}
travelByName(DistributedMap, handlesFile);
