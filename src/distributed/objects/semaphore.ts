/**
 * Permits that programs of many machines share. Source: threading.Semaphore
 *
 *   key          hash: value (permits that are free), start
 *   key:line, key:seen   waits
 *   key:held     permits taken by hold() and run(): until when each is leased
 *
 *   acquire()         value - 1; release() of any handle gives it back, and nothing else does
 *   hold(), run()     value - 1, and a lease; it comes back with the guard, or when the lease has ended
 */

import { checkInteger, expected } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { TimeoutError } from '../../errors.ts';
import type { WaitOptions } from '../../loop/index.ts';
import { monotonicNow } from '../../real-timers.ts';
import { TypeError } from '../../refusals.ts';
import type { BackendOptions } from '../server/backend.ts';
import { script } from '../server/client.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from './distributed-object.ts';
import { Lease, readLease, runHeld } from './lease.ts';
import type { Remote } from './remote.ts';
import { common, refuseDifference } from './scripts.ts';
import { type Answer, timedOut, waiterLease } from './waiting.ts';

/** The options of a `DistributedSemaphore`. */
export interface DistributedSemaphoreOptions extends BackendOptions {
  /** Milliseconds after which a permit of `hold()` or `run()` comes back whose holder is gone, an integer from 100 to 86400000. Default 10000. */
  readonly lease?: number | undefined;
}

/** A semaphore in numbers. */
export interface DistributedSemaphoreStatistics {
  /** Permits that are free. */
  readonly value: number;
  /** Permits that are taken by `hold()` and `run()`. */
  readonly held: number;
  /** Waits in line, of all machines. */
  readonly waiting: number;
}

/** A permit, for as long as it is held. */
export interface PermitGuard extends AsyncDisposable {
  /** Aborts, with a `LeaseLost`, when the lease is lost: another may have the permit from now on. */
  readonly signal: AbortSignal;
  /** Gives the permit back. @throws LeaseLost if the lease was lost meanwhile */
  release(): Promise<void>;
}

// KEYS: key, line, seen, held. ARGV: head, value at the start, …
const begin = `${common}
if redis.call('HSETNX', KEYS[1], 'start', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'value', ARGV[2])
elseif redis.call('HGET', KEYS[1], 'start') ~= ARGV[2] then
  return { -1, redis.call('HGET', KEYS[1], 'start') }
end
local over = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now)
for _, token in ipairs(over) do redis.call('ZREM', KEYS[4], token) end
if #over > 0 then redis.call('HINCRBY', KEYS[1], 'value', #over) end
local function value()
  return tonumber(redis.call('HGET', KEYS[1], 'value'))
end
`;

// … lease or 0, patience of a wait or 0
const acquireScript = script(`${begin}
local lease, patience = tonumber(ARGV[3]), tonumber(ARGV[4])
if recorded() then return { 1, 0 } end
local head = first(KEYS[2], KEYS[3])
local free = value()
if free > 0 and (not head or head == me) then
  leave(KEYS[2], KEYS[3], me)
  redis.call('HINCRBY', KEYS[1], 'value', -1)
  if lease > 0 then redis.call('ZADD', KEYS[4], now + lease, me) end
  record(1)
  if free > 1 then callFirst(KEYS[2], KEYS[3]) end
  return { 1, 0 }
end
if patience == 0 then return { 0, 0 } end
join(KEYS[2], KEYS[3], me, patience)
if free > 0 then callFirst(KEYS[2], KEYS[3]) end
local next = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2]
return { 0, next and tonumber(next) - now or 1000 }
`);

// … number, token of the permit or ''
const releaseScript = script(`${begin}
if recorded() then return { 1, 0 } end
if ARGV[4] ~= '' and redis.call('ZREM', KEYS[4], ARGV[4]) == 0 then return { 0, 0 } end
redis.call('HINCRBY', KEYS[1], 'value', ARGV[3])
record(1)
callFirst(KEYS[2], KEYS[3])
return { 1, 0 }
`);

// … of a wait that is over: what it was given comes back
const leaveScript = script(`${begin}
leave(KEYS[2], KEYS[3], me)
redis.call('ZREM', KEYS[4], me)
if recorded() then redis.call('HINCRBY', KEYS[1], 'value', 1) end
redis.call('ZREMRANGEBYSCORE', KEYS[1] .. ':calls:' .. client, own, own)
if value() > 0 then callFirst(KEYS[2], KEYS[3]) end
return { 1, 0 }
`);

// … token of a permit, lease
const renewScript = script(`${begin}
return { redis.call('ZADD', KEYS[4], 'XX', 'CH', now + tonumber(ARGV[4]), ARGV[3]), 0 }
`);

const lookScript = script(`${begin}
first(KEYS[2], KEYS[3])
return { value(), redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[2]) }
`);

const variety: Variety = { kind: 'semaphore', parts: ['line', 'seen', 'held'], known: ['lease'] };

/**
 * A semaphore that programs of many machines share by its name. Waits get permits in order of arrival.
 *
 * A permit that `hold()` or `run()` has taken is leased: it comes back when its holder dies, is stopped or is cut off from the server for longer than the
 * lease. One that `acquire()` has taken is given back by `release()` alone, of any handle.
 *
 * Source: threading.Semaphore
 *
 * @example
 * ```ts
 * import { DistributedSemaphore } from 'heddle/distributed';
 *
 * await using semaphore = new DistributedSemaphore('licences', 3, { url: process.env.REDIS_URL });
 * await semaphore.run(async () => {
 *   console.log(await semaphore.getValue()); // prints: 2
 * });
 * ```
 */
export class DistributedSemaphore extends DistributedObject {
  readonly #remote: Remote = remoteOf(this);
  readonly #start: number;
  readonly #lease: number;
  readonly #held: Set<PermitGuard> = new Set();

  /**
   * @param value permits at the start, an integer >= 0: the same for all handles. Default 1
   * @throws TypeError, RangeError for a name, a value or options that cannot be, and for a server that is refused
   */
  constructor(name: string, value: number = 1, options?: DistributedSemaphoreOptions) {
    checkInteger(value, 'value', 0);
    super(variety, name, [value], options);
    this.#start = value;
    this.#lease = readLease(options?.lease);
    this.#remote.onClose = async () => {
      await Promise.allSettled([...this.#held].map((guard) => guard.release()));
    };
  }

  /**
   * Takes a permit, and waits for it. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws InvalidStateError if the semaphore was made with another value
   * @throws BackendLost if the server cannot be reached
   */
  async acquire(options?: number | WaitOptions): Promise<boolean> {
    return (await this.#acquire(options, 0)) !== undefined;
  }

  /** Takes a permit if one is free and nothing waits for it. @throws as `acquire` */
  tryAcquire(): Promise<boolean> {
    return this.acquire(0);
  }

  /** @returns the name of the permit, and when it was asked for; undefined: there was none in time */
  async #acquire(options: number | WaitOptions | undefined, lease: number): Promise<{ token: string; since: number } | undefined> {
    const { client } = this.#remote;
    let since = 0;
    let token = '';
    const got = await this.#remote.wait<true>((number, named) => {
      token = named;
      return {
        ask: async (mayWait): Promise<Answer<true>> => {
          since = monotonicNow();
          const [isMine, again] = await this.#call(acquireScript, [lease, mayWait ? waiterLease : 0], number);
          return isMine === 1 ? { value: true } : { again };
        },
        listen: (look) => client.onCall(token, look),
        leave: () => this.#remote.runLate(leaveScript, [this.#start], { number }),
      };
    }, options);
    return got === timedOut ? undefined : { token, since };
  }

  async #call(
    what: Parameters<Remote['run']>[0],
    args: readonly (string | number)[] = [],
    number?: number,
  ): Promise<[number, number, number]> {
    const answer = (await this.#remote.run(what, [this.#start, ...args], number === undefined ? {} : { number })) as [
      number,
      number,
      number,
    ];
    if (answer[0] === -1) throw refuseDifference(this.#remote.title, 'value', this.#start, answer[1]);
    return answer;
  }

  /**
   * Gives permits back.
   *
   * @param n how many, an integer >= 1. Default 1
   * @throws as `acquire`
   */
  async release(n: number = 1): Promise<void> {
    checkInteger(n, 'n', 1);
    await this.#call(releaseScript, [n, '']);
  }

  /** Permits that are free. */
  async getValue(): Promise<number> {
    const [value] = await this.#call(lookScript);
    return value;
  }

  /** True while no permit is free. */
  async locked(): Promise<boolean> {
    return (await this.getValue()) === 0;
  }

  /**
   * Takes a permit, and gives a guard for `await using`, which gives it back.
   *
   * @throws TimeoutError if it took longer than `timeout`
   */
  async hold(options?: number | WaitOptions): Promise<PermitGuard> {
    const got = await this.#acquire(options, this.#lease);
    if (got === undefined) throw new TimeoutError(`${this.#remote.title}: hold() got no permit in time`);
    const { token, since } = got;
    const renew = async (): Promise<boolean> => (await this.#call(renewScript, [token, this.#lease]))[0] === 1;
    const lease = new Lease(`a permit of the ${this.#remote.title}`, this.#lease, since, renew);
    let released: Promise<void> | undefined;
    const release = async (): Promise<void> => {
      this.#held.delete(guard);
      const { isLost } = lease;
      lease.pause();
      const [wasMine] = await this.#call(releaseScript, [1, token]);
      if (wasMine === 1 && !isLost) return lease.end();
      lease.lose('its time was over, or the server has lost it');
      throw lease.error;
    };
    const guard: PermitGuard = {
      get signal(): AbortSignal {
        return lease.signal;
      },
      release: () => (released ??= release()),
      [Symbol.asyncDispose]: () => (released ??= release()),
    };
    this.#held.add(guard);
    return guard;
  }

  /** Calls a function while it has a permit, and gives its result. @throws as `hold`, LeaseLost, and what the function throws */
  async run<T>(fn: (guard: PermitGuard) => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    if (typeof fn !== 'function') throw new TypeError(expected('fn', 'a function', fn));
    return runHeld(await this.hold(options), fn);
  }

  /** The present state in numbers. @throws BackendLost if the server cannot be reached */
  async statistics(): Promise<DistributedSemaphoreStatistics> {
    const [value, held, waiting] = await this.#call(lookScript);
    return { value, held, waiting };
  }
}
travelByName(DistributedSemaphore, handlesFile);
