/**
 * A lock between programs of many machines, with a lease and a fencing token. Source: threading.Lock
 *
 *   key          hash: owner (a token), until, fence, holder (for people), last (the token that released last)
 *   key:line     waits, by arrival          key:seen   until when each is taken for alive
 *
 *   free ──take, by the first in line──▶ owned ──release──▶ free: the first in line is called
 *                                          └── its time is over ──▶ the next takes it over, and is told by `OwnerDied`
 *
 * The fencing token is the server's time in microseconds, or one more than the last: it grows also when the server has lost all it knew.
 */

import { expected } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { InvalidStateError, LeaseLost, OwnerDied, TimeoutError } from '../../errors.ts';
import type { WaitOptions } from '../../loop/index.ts';
import { monotonicNow } from '../../real-timers.ts';
import { TypeError } from '../../refusals.ts';
import type { BackendOptions } from '../server/backend.ts';
import { script } from '../server/client.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from './distributed-object.ts';
import { describeThread, type DistributedOwner } from './distributed-owner.ts';
import { Lease, readLease, runHeld } from './lease.ts';
import type { Remote } from './remote.ts';
import { common } from './scripts.ts';
import { type Answer, timedOut, waiterLease } from './waiting.ts';

/** The options of a `DistributedLock`. */
export interface DistributedLockOptions extends BackendOptions {
  /** Milliseconds after which a lock whose holder is gone is free, an integer from 100 to 86400000. A holder renews it at a third of them. Default 10000. */
  readonly lease?: number | undefined;
  /** `ignore`: a lock whose lease has ended is taken over without a word. Default `throw`: the next to acquire it is told by an `OwnerDied`. */
  readonly onOwnerDied?: 'throw' | 'ignore' | undefined;
}

/** A lock in numbers. */
export interface DistributedLockStatistics {
  /** True while a handle has it. */
  readonly locked: boolean;
  /** Waits in line, of all machines. */
  readonly waiting: number;
  /** The fencing token of the last holder; 0: there was none. */
  readonly fence: number;
}

/** A lock that is held. */
export interface LockGuard extends AsyncDisposable {
  /** Aborts, with a `LeaseLost`, when the lease is lost: another may have the lock from now on. */
  readonly signal: AbortSignal;
  /** Larger than that of each earlier holder: what is written elsewhere takes it along, and a store that knows a larger one refuses the write. */
  readonly fence: number;
  /** Gives the lock back. @throws LeaseLost if the lease was lost meanwhile */
  release(): Promise<void>;
}

// ARGV: head, lease, patience of a wait or 0, holder
const acquireScript = script(`${common}
local token, lease, patience = me, tonumber(ARGV[2]), tonumber(ARGV[3])
local owner, till, fence, holder = unpack(redis.call('HMGET', KEYS[1], 'owner', 'until', 'fence', 'holder'))
till = tonumber(till or '0')
if owner == token then
  redis.call('HSET', KEYS[1], 'until', now + lease)
  return { 1, fence, '' }
end
local head, seen = first(KEYS[2], KEYS[3])
local isOver = owner and till <= now
if (not owner or isOver) and (not head or head == token) then
  local grown = math.max(tonumber(fence or '0') + 1, micros)
  grown = string.format('%.0f', grown)
  redis.call('HSET', KEYS[1], 'owner', token, 'until', now + lease, 'fence', grown, 'holder', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], 86400000 + lease)
  if head then leave(KEYS[2], KEYS[3], token) end
  return { 1, grown, isOver and holder or '' }
end
if patience == 0 then return { 0, 0, '' } end
join(KEYS[2], KEYS[3], token, patience)
if not owner or isOver then
  callFirst(KEYS[2], KEYS[3])
  return { 0, 1000, '' }
end
return { 0, till - now, '' }
`);

// ARGV: head, token
const releaseScript = script(`${common}
local owner, last = unpack(redis.call('HMGET', KEYS[1], 'owner', 'last'))
if owner ~= ARGV[2] then return last == ARGV[2] and 1 or 0 end
redis.call('HDEL', KEYS[1], 'owner', 'until', 'holder')
redis.call('HSET', KEYS[1], 'last', ARGV[2])
callFirst(KEYS[2], KEYS[3])
return 1
`);

// ARGV: head of a wait that is over
const leaveScript = script(`${common}
leave(KEYS[2], KEYS[3], me)
local owner, till = unpack(redis.call('HMGET', KEYS[1], 'owner', 'until'))
if owner == me then redis.call('HDEL', KEYS[1], 'owner', 'until', 'holder') end
if not owner or owner == me or tonumber(till) <= now then callFirst(KEYS[2], KEYS[3]) end
return 1
`);

// ARGV: head, token, lease
const renewScript = script(`${common}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], 86400000 + tonumber(ARGV[3]))
return 1
`);

// ARGV: head
const lookScript = script(`${common}
local owner, till, fence, holder = unpack(redis.call('HMGET', KEYS[1], 'owner', 'until', 'fence', 'holder'))
local isLocked = owner and tonumber(till) > now
first(KEYS[2], KEYS[3])
return { isLocked and 1 or 0, redis.call('ZCARD', KEYS[2]), fence or '0', isLocked and holder or '' }
`);

function ownerDied(name: string, holder: string): OwnerDied {
  const owner = JSON.parse(holder) as DistributedOwner;
  const who = `${owner.name} (host ${owner.host}, pid ${owner.pid}, thread ${owner.thread})`;
  return new OwnerDied(`the lease of ${who} ended while it had the DistributedLock '${name}': what it guards may be half changed`, owner);
}

const variety: Variety = { kind: 'lock', parts: ['line', 'seen'], known: ['lease', 'onOwnerDied'] };

interface Hold {
  readonly token: string;
  readonly fence: number;
  readonly lease: Lease;
}

/**
 * A lock that programs of many machines share by its name: one handle has it at a time, in order of arrival. It is not reentrant, and is released by the
 * handle that has it.
 *
 * A holder has it for a lease, which is renewed. If the holder dies, is stopped, or is cut off from the server, the lease ends and the next has the lock;
 * `signal` of the holder aborts then. A holder that was stopped may still believe for a moment that it has the lock: `fence` lets a store refuse it.
 *
 * Source: threading.Lock
 *
 * @example
 * ```ts
 * import { DistributedLock } from 'heddle/distributed';
 *
 * await using lock = new DistributedLock('reports', { url: process.env.REDIS_URL });
 * await lock.run(async ({ signal, fence }) => {
 *   console.log(signal.aborted, fence > 0); // prints: false true
 * });
 * ```
 */
export class DistributedLock extends DistributedObject {
  readonly #remote: Remote = remoteOf(this);
  readonly #lease: number;
  readonly #isSilent: boolean;
  #hold: Hold | undefined;
  #signal: AbortSignal | undefined;

  /** @throws TypeError, RangeError for a name or options that cannot be, and for a server that is refused */
  constructor(name: string, options?: DistributedLockOptions) {
    super(variety, name, [], options);
    this.#lease = readLease(options?.lease);
    const how = options?.onOwnerDied ?? 'throw';
    if (how !== 'throw' && how !== 'ignore') throw new TypeError(expected('onOwnerDied', "'throw' or 'ignore'", how));
    this.#isSilent = how === 'ignore';
    this.#remote.onClose = async () => {
      const hold = this.#hold;
      if (hold === undefined) return;
      // The signal of the hold has told that, if it was lost.
      await this.#release(hold).catch((error: unknown) => {
        if (!(error instanceof LeaseLost)) throw error;
      });
    };
  }

  /** Aborts, with a `LeaseLost`, when the lease of this handle is lost. A signal that has not aborted while this handle has never had the lock. */
  get signal(): AbortSignal {
    this.#signal = this.#hold?.lease.signal ?? this.#signal ?? new AbortController().signal;
    return this.#signal;
  }

  /** The fencing token of this handle while it has the lock, an integer; else null. */
  get fence(): number | null {
    return this.#hold?.fence ?? null;
  }

  /** The owner, of all machines; null while the lock is free. */
  get owner(): Promise<DistributedOwner | null> {
    return this.#look().then(([, , , holder]) => (holder === '' ? null : (JSON.parse(holder) as DistributedOwner)));
  }

  /**
   * Waits for it. False if it took longer than `timeout`.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws OwnerDied if the lease of the last holder has ended: the lock is held, and may guard something half changed
   * @throws BackendLost if the server cannot be reached
   */
  async acquire(options?: number | WaitOptions): Promise<boolean> {
    const died = await this.#acquire(options);
    if (died === undefined) return false;
    if (died !== '' && !this.#isSilent) throw ownerDied(this.name, died);
    return true;
  }

  /** Takes it if it is free and nothing waits for it. @throws as `acquire` */
  tryAcquire(): Promise<boolean> {
    return this.acquire(0);
  }

  /** @returns undefined: not acquired; a text: acquired, after a holder that this describes */
  async #acquire(options: number | WaitOptions | undefined): Promise<string | undefined> {
    const { client } = this.#remote;
    let since = 0;
    let token = '';
    const got = await this.#remote.wait<readonly [fence: string, died: string]>((number, named) => {
      token = named;
      return {
        ask: async (mayWait): Promise<Answer<readonly [string, string]>> => {
          since = monotonicNow();
          const args = [this.#lease, mayWait ? waiterLease : 0, describeThread()];
          const [isMine, fence, died] = (await this.#remote.run(acquireScript, args, { number })) as [number, string | number, string];
          return isMine === 1 ? { value: [String(fence), died] } : { again: Number(fence) };
        },
        listen: (look) => client.onCall(token, look),
        leave: () => this.#remote.runLate(leaveScript, [], { number }),
      };
    }, options);
    if (got === timedOut) return undefined;
    const [fence, died] = got;
    const renew = async (): Promise<boolean> => (await this.#remote.run(renewScript, [token, this.#lease])) === 1;
    this.#hold = { token, fence: Number(fence), lease: new Lease(this.#remote.title, this.#lease, since, renew) };
    return died;
  }

  /**
   * Gives it back.
   *
   * @throws InvalidStateError if this handle does not have it
   * @throws LeaseLost, which is an InvalidStateError, if its lease was lost meanwhile
   */
  async release(): Promise<void> {
    const hold = this.#hold;
    if (hold === undefined)
      throw new InvalidStateError(`release() of a ${this.constructor.name} that this handle does not have: ${this.name}`);
    await this.#release(hold);
  }

  async #release(hold: Hold): Promise<void> {
    const { lease, token } = hold;
    if (this.#hold === hold) {
      this.#signal = lease.signal;
      this.#hold = undefined;
    }
    const { isLost } = lease;
    lease.pause();
    const wasMine = await this.#remote.run(releaseScript, [token]);
    if (wasMine === 1 && !isLost) return lease.end();
    lease.lose('the server has given it to another, or has lost it');
    throw lease.error;
  }

  /** True while a handle has it. */
  async locked(): Promise<boolean> {
    const [isLocked] = await this.#look();
    return isLocked === 1;
  }

  /**
   * Waits for it, and gives a guard for `await using`, which releases it.
   *
   * @throws TimeoutError if it took longer than `timeout`
   * @throws OwnerDied as `acquire`; the lock is released again
   */
  async hold(options?: number | WaitOptions): Promise<LockGuard> {
    const died = await this.#acquire(options);
    if (died === undefined) throw new TimeoutError(`${this.constructor.name}.hold(): ${this.name} was not free in time`);
    const hold = this.#hold!;
    if (died !== '' && !this.#isSilent) {
      await this.#release(hold);
      throw ownerDied(this.name, died);
    }
    let release: Promise<void> | undefined;
    return {
      get signal(): AbortSignal {
        return hold.lease.signal;
      },
      fence: hold.fence,
      release: () => (release ??= this.#release(hold)),
      [Symbol.asyncDispose]: () => (release ??= this.#release(hold)),
    };
  }

  /** Calls a function while this handle has the lock, and gives its result. @throws as `hold` and `release`, and what the function throws */
  async run<T>(fn: (guard: LockGuard) => T | Promise<T>, options?: number | WaitOptions): Promise<T> {
    if (typeof fn !== 'function') throw new TypeError(expected('fn', 'a function', fn));
    return runHeld(await this.hold(options), fn);
  }

  /** The present state in numbers. @throws BackendLost if the server cannot be reached */
  async statistics(): Promise<DistributedLockStatistics> {
    const [isLocked, waiting, fence] = await this.#look();
    return { locked: isLocked === 1, waiting, fence: Number(fence) };
  }

  async #look(): Promise<[isLocked: number, waiting: number, fence: string, holder: string]> {
    return (await this.#remote.run(lookScript, [])) as [number, number, string, string];
  }
}
travelByName(DistributedLock, handlesFile);
