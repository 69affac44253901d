/**
 * A meeting point of programs of many machines. Source: threading.Barrier
 *
 *   key          hash: parties, broken, actor (a wait that has an action), tripper (the wait that calls it now)
 *   key:line     waits by arrival: their ranks       key:seen   until when each is taken for alive
 *   key:chosen   waits that pass when the action has been called
 *   what became of a wait, a rank, or -1 for a broken barrier, is recorded for its client until that has it
 *
 *   the last has come ──┬─ no action ──────────────────────▶ all pass
 *                       └─ the tripper calls the action ──▶ all pass; it fails, or the tripper dies ──▶ broken
 *   a wait is over before that, or its client died ──────▶ broken: all that wait fail, and all that come until `reset`
 */

import { checkFunction, checkInteger, checkTimeout } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { BrokenBarrierError } from '../../errors.ts';
import { readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { clearInterval, setInterval } from '../../real-timers.ts';
import type { BackendOptions } from '../server/backend.ts';
import { script } from '../server/client.ts';
import { DistributedObject, handlesFile, remoteOf, type Variety } from './distributed-object.ts';
import type { Remote } from './remote.ts';
import { common, refuseDifference } from './scripts.ts';
import { type Answer, lookEvery, timedOut, waiterLease } from './waiting.ts';

/** The options of a `DistributedBarrier`. */
export interface DistributedBarrierOptions extends BackendOptions {
  /** One of the parties that have one calls it when all have come, before they pass. It may return a promise. */
  readonly action?: (() => unknown) | undefined;
  /** Milliseconds of a `wait` that is given none. Default: indefinitely. */
  readonly timeout?: number | undefined;
}

/** A barrier in numbers. */
export interface DistributedBarrierStatistics {
  /** Parties that pass together. */
  readonly parties: number;
  /** Parties that wait. */
  readonly waiting: number;
  /** True while it is broken. */
  readonly broken: boolean;
}

const most = 1_000_000;

const PASSED = 1;
const WAITS = 2;
const BROKEN = 3;
const TRIPS = 4;
const UNKNOWN = 5;

// KEYS: key, line, seen, chosen. ARGV: head, parties, …
const begin = `${common}
if redis.call('HSETNX', KEYS[1], 'parties', ARGV[2]) == 0 and redis.call('HGET', KEYS[1], 'parties') ~= ARGV[2] then
  return { -1, redis.call('HGET', KEYS[1], 'parties') }
end
local function finish(key, rankOf)
  for rank, token in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    recordFor(token, rankOf or rank - 1)
    redis.call('ZREM', KEYS[3], token)
  end
  redis.call('DEL', key)
  redis.call('PUBLISH', KEYS[1], '')
end
local function fail(isBroken)
  finish(KEYS[2], -1)
  finish(KEYS[4], -1)
  redis.call('HDEL', KEYS[1], 'actor', 'tripper')
  redis.call('HSET', KEYS[1], 'broken', isBroken)
end
local function pass()
  finish(KEYS[4])
  redis.call('HDEL', KEYS[1], 'actor', 'tripper')
end
local function reap()
  for _, key in ipairs({ KEYS[2], KEYS[4] }) do
    for _, token in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if tonumber(redis.call('ZSCORE', KEYS[3], token) or '0') < now then return fail(1) end
    end
  end
end
`;

// … patience, 1 if it has an action, 1 if it waits already
const waitScript = script(`${begin}
local token, patience = me, tonumber(ARGV[3])
local ended = recorded()
if ended then return { tonumber(ended) < 0 and ${BROKEN} or ${PASSED}, ended } end
local isIn = redis.call('ZSCORE', KEYS[2], token) or redis.call('ZSCORE', KEYS[4], token)
if isIn then redis.call('ZADD', KEYS[3], now + patience, token) end
reap()
if redis.call('HGET', KEYS[1], 'broken') == '1' then return { ${BROKEN}, 0 } end
if not isIn then
  if ARGV[5] == '1' then return { ${UNKNOWN}, 0 } end
  join(KEYS[2], KEYS[3], token, patience)
  if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'actor', token) end
end
if not redis.call('HGET', KEYS[1], 'tripper') and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then
  redis.call('RENAME', KEYS[2], KEYS[4])
  local actor = redis.call('HGET', KEYS[1], 'actor')
  if actor then
    redis.call('HSET', KEYS[1], 'tripper', actor)
    redis.call('HDEL', KEYS[1], 'actor')
    if actor ~= token then call(actor) end
  else
    pass()
    return { ${PASSED}, recorded() }
  end
end
if redis.call('HGET', KEYS[1], 'tripper') == token then return { ${TRIPS}, 0 } end
return { ${WAITS}, 0 }
`);

// … its action has been called
const passScript = script(`${begin}
if redis.call('HGET', KEYS[1], 'tripper') == me then pass() end
return { 0, recorded() or -1 }
`);

// … its wait is over. It breaks the barrier, unless it has passed.
const giveUpScript = script(`${begin}
if redis.call('ZSCORE', KEYS[2], me) or redis.call('ZSCORE', KEYS[4], me) then fail(1) end
return { 0, recorded() or -1 }
`);

// … 1: it is broken from now on
const failScript = script(`${begin}
if recorded() then return { 0, 0 } end
record(1)
fail(ARGV[3])
return { 0, 0 }
`);

const lookScript = script(`${begin}
reap()
return { redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[4]), redis.call('HGET', KEYS[1], 'broken') or '0' }
`);

const variety: Variety = { kind: 'barrier', parts: ['line', 'seen', 'chosen'], known: ['action', 'timeout'] };

/**
 * A barrier of programs of many machines, by its name: `wait()` waits until all parties have come. It can be used again.
 *
 * A party that dies, is stopped, or is cut off from the server for 4 seconds while it waits breaks the barrier.
 *
 * Source: threading.Barrier
 *
 * @example
 * ```ts
 * import { DistributedBarrier } from 'heddle/distributed';
 *
 * await using barrier = new DistributedBarrier('all-there', 2, { url: process.env.REDIS_URL });
 * const ranks = await Promise.all([barrier.wait(), barrier.wait()]);
 * console.log(ranks.sort()); // prints: [ 0, 1 ]
 * ```
 */
export class DistributedBarrier extends DistributedObject {
  readonly #remote: Remote = remoteOf(this);
  /** How many pass together. */
  readonly parties: number;
  readonly #action: (() => unknown) | undefined;
  readonly #timeout: number;

  /**
   * @param parties how many pass together, an integer from 1 to 1000000: the same for all handles
   * @throws TypeError, RangeError for a name, a number or options that cannot be, and for a server that is refused
   */
  constructor(name: string, parties: number, options?: DistributedBarrierOptions) {
    checkInteger(parties, 'parties', 1, most);
    super(variety, name, [parties], options);
    const { action, timeout } = options ?? {};
    if (action !== undefined) checkFunction(action, 'action');
    this.parties = parties;
    this.#action = action;
    this.#timeout = checkTimeout(timeout);
  }

  /** Parties that wait. */
  get nWaiting(): Promise<number> {
    return this.statistics().then(({ waiting }) => waiting);
  }

  /** True while it is broken. */
  get broken(): Promise<boolean> {
    return this.statistics().then(({ broken }) => broken);
  }

  /**
   * Waits until all parties have come. Resolves to a rank from 0 to `parties - 1`, another one for each.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default the `timeout` of the barrier
   * @throws BrokenBarrierError if it is broken, or breaks meanwhile, also by its own `timeout`
   * @throws InvalidStateError if the barrier was made with another number of parties
   * @throws BackendLost if the server cannot be reached
   */
  async wait(options?: number | WaitOptions): Promise<number> {
    const { timeout = this.#timeout, signal } = typeof options === 'object' ? options : { timeout: options };
    if (options !== undefined) readWaitOptions(options);
    const { client, keys } = this.#remote;
    let isIn = 0;
    let left: Promise<number> | undefined;
    const got = await this.#remote.wait<number>(
      (number, token) => ({
        ask: async (): Promise<Answer<number>> => {
          const args = [waiterLease, this.#action === undefined ? 0 : 1, isIn];
          let [state, rank] = await this.#call(waitScript, args, number);
          isIn = 1;
          if (state === TRIPS) [state, rank] = await this.#trip(args, number);
          if (state === PASSED) return { value: rank };
          if (state === WAITS) return { again: lookEvery };
          throw brokenBarrier(this.#remote.title, state === UNKNOWN);
        },
        listen: (look) => {
          const ends = [client.onCall(token, look), client.listen(keys[0] as string, look)];
          return () => {
            for (const end of ends) end();
          };
        },
        leave: async () => {
          left = this.#call(giveUpScript, [], number).then(([, rank]) => rank);
          await left.catch(ignoreLate);
        },
      }),
      { timeout: timeout === 0 ? 1 : timeout, signal },
    );
    if (got !== timedOut) return got;
    const rank = (await left) ?? -1;
    if (rank < 0) throw brokenBarrier(this.#remote.title, false);
    return rank;
  }

  /** Calls the action, and lets all pass. */
  async #trip(args: readonly (string | number)[], number: number): Promise<[state: number, rank: number]> {
    const alive = setInterval(() => void this.#call(waitScript, args, number).catch(ignoreLate), lookEvery);
    try {
      await this.#action?.();
    } finally {
      clearInterval(alive);
    }
    const [, rank] = await this.#call(passScript, [], number);
    return [rank < 0 ? BROKEN : PASSED, rank];
  }

  async #call(what: Parameters<Remote['run']>[0], args: readonly (string | number)[] = [], number?: number): Promise<[number, number]> {
    const [first, second] = (await this.#remote.run(what, [this.parties, ...args], number === undefined ? {} : { number })) as [
      number,
      number | string,
    ];
    if (first === -1) throw refuseDifference(this.#remote.title, 'parties', this.parties, second);
    return [first, Number(second)];
  }

  /** Makes the barrier as new: parties that wait get a `BrokenBarrierError`. */
  async reset(): Promise<void> {
    await this.#call(failScript, [0]);
  }

  /** Breaks it: parties that wait, and all that come until it is reset, get a `BrokenBarrierError`. */
  async abort(): Promise<void> {
    await this.#call(failScript, [1]);
  }

  /** The present state in numbers. @throws BackendLost if the server cannot be reached */
  async statistics(): Promise<DistributedBarrierStatistics> {
    const [waiting, broken] = await this.#call(lookScript);
    return { parties: this.parties, waiting, broken: broken === 1 };
  }
}
travelByName(DistributedBarrier, handlesFile);

function brokenBarrier(title: string, isUnknown: boolean): BrokenBarrierError {
  const why = isUnknown ? 'the server does not know this wait any more: whether the others have passed is not known' : 'it is broken';
  return new BrokenBarrierError(`the ${title} lets none pass: ${why}`);
}

/** The barrier finds out by itself that a wait is over. */
function ignoreLate(_error: unknown): void {}
