/**
 * A flag that programs of many machines share. Source: threading.Event
 *
 *   key   hash: set (0 or 1), sets: how often it was set; a wait that saw another number before was released, also when it was cleared since
 *
 * All handles listen to the channel of its key while they wait.
 */

import { travelByName } from '../../codec/index.ts';
import type { WaitOptions } from '../../loop/index.ts';
import type { BackendOptions } from '../server/backend.ts';
import { script } from '../server/client.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from './distributed-object.ts';
import type { Remote } from './remote.ts';
import { common } from './scripts.ts';
import { type Answer, lookEvery, timedOut } from './waiting.ts';

/** An event in numbers. */
export interface DistributedEventStatistics {
  /** True while it is set. */
  readonly isSet: boolean;
  /** How often it was set. */
  readonly sets: number;
  /** Threads of all machines that wait. */
  readonly waiting: number;
}

const setScript = script(`${common}
if recorded() then return 1 end
record(1)
if redis.call('HGET', KEYS[1], 'set') == '1' then return 1 end
redis.call('HSET', KEYS[1], 'set', '1')
redis.call('HINCRBY', KEYS[1], 'sets', 1)
redis.call('PUBLISH', KEYS[1], '')
return 1
`);

const clearScript = script(`${common}
if recorded() then return 1 end
record(1)
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'set', '0') end
return 1
`);

const lookScript = script(`${common}
local isSet, sets = unpack(redis.call('HMGET', KEYS[1], 'set', 'sets'))
return { tonumber(isSet or '0'), tonumber(sets or '0') }
`);

const variety: Variety = { kind: 'event', parts: [], known: [] };

/**
 * A flag that programs of many machines share by its name: `wait()` waits until it is set.
 *
 * Source: threading.Event
 *
 * @example
 * ```ts
 * import { DistributedEvent } from 'heddle/distributed';
 *
 * await using event = new DistributedEvent('started', { url: process.env.REDIS_URL });
 * const waiting = event.wait();
 * await event.set();
 * console.log(await waiting); // prints: true
 * ```
 */
export class DistributedEvent extends DistributedObject {
  readonly #remote: Remote = remoteOf(this);

  /** @throws TypeError, RangeError for a name or options that cannot be, and for a server that is refused */
  constructor(name: string, options?: BackendOptions) {
    super(variety, name, [], options);
  }

  async #look(): Promise<{ isSet: boolean; sets: number }> {
    const [isSet, sets] = (await this.#remote.run(lookScript)) as [number, number];
    return { isSet: isSet === 1, sets };
  }

  /** True while it is set. @throws BackendLost if the server cannot be reached */
  async isSet(): Promise<boolean> {
    return (await this.#look()).isSet;
  }

  /** Sets it, and lets all go on that wait. */
  async set(): Promise<void> {
    await this.#remote.run(setScript);
  }

  /** Clears it: `wait` waits again. */
  async clear(): Promise<void> {
    await this.#remote.run(clearScript);
  }

  /**
   * Waits until it is set. False if that took longer than `timeout`. A wait that has begun ends with the next `set()`, also if a `clear()` follows.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws BackendLost if the server cannot be reached
   */
  async wait(options?: number | WaitOptions): Promise<boolean> {
    const { client, keys } = this.#remote;
    let before: number | undefined;
    const got = await this.#remote.wait<true>(
      () => ({
        ask: async (): Promise<Answer<true>> => {
          const { isSet, sets } = await this.#look();
          before ??= sets;
          return isSet || sets > before ? { value: true } : { again: lookEvery };
        },
        listen: (look) => client.listen(keys[0] as string, look),
      }),
      options,
    );
    return got !== timedOut;
  }

  /** The present state in numbers. @throws BackendLost if the server cannot be reached */
  async statistics(): Promise<DistributedEventStatistics> {
    const [{ isSet, sets }, counted] = await Promise.all([
      this.#look(),
      this.#remote.client.call('pubsub', ['numsub', this.#remote.keys[0] as string]),
    ]);
    return { isSet, sets, waiting: Number((counted as [string, number | string])[1]) };
  }
}
travelByName(DistributedEvent, handlesFile);
