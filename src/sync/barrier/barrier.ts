/** A point where a fixed number of parties wait for each other. Source: threading.Barrier, multiprocessing.Barrier */

import { checkFunction, checkInteger, checkOptions, checkTimeout } from '../../check.ts';
import { luggage } from '../../handles.ts';
import { blocking, type Operation, readSyncTimeout, readWaitOptions, type SyncWaitOptions, type WaitOptions } from '../../loop/index.ts';
import {
  blockOf,
  blockThread,
  Deadline,
  defineKind,
  type ObjectKind,
  SharedObject,
  type Waiter,
  waitableWords,
} from '../../memory/index.ts';
import { atOnce } from '../../thenable.ts';
import { BarrierWait, brokenBarrier } from './barrier-wait.ts';
import { FAILED, Parties, PASSED, TRIPS } from './parties.ts';
import { Spin } from '../acquire/spin.ts';
import { looksInSlice } from '../acquire/death-watch.ts';

const kind: ObjectKind = defineKind({
  number: 8,
  name: 'Barrier',
  words: waitableWords,
  create: () => new Barrier(1),
  describe: (barrier: Barrier) => {
    const { broken, constructor, nWaiting, parties } = barrier;
    return `${constructor.name} ${broken ? 'broken' : `with ${nWaiting} of ${parties} waiting`}`;
  },
});

const mostParties = 0x7fff_ffff;

/** Options of a `Barrier`. */
export interface BarrierOptions {
  /**
   * Called by the party that came last, each time all have come, before any of them resumes. The function travels with the barrier: each
   * thread has a copy of its captures. If it throws, the barrier is broken. An async function breaks the barrier too, as it would not be
   * over when the parties resume.
   */
  readonly action?: (() => void) | undefined;
  /** Of each wait that is given none, in milliseconds; default: none. */
  readonly timeout?: number | undefined;
}

/** The statistics of a barrier. */
export interface BarrierStatistics {
  /** How many pass together. */
  readonly parties: number;
  /** How many wait. */
  readonly waiting: number;
  /** True while it is broken. */
  readonly broken: boolean;
}

/**
 * A barrier: `parties` callers wait until all have come, and then resume together. The barrier is reusable. It can be an argument of a
 * task, a captured variable, an item or a field: the receiver has the same barrier.
 *
 * If a party gives up, the barrier is broken. A party gives up by its timeout, an abort, or its death, which is found within a second. All
 * that wait, or come later, get a `BrokenBarrierError`, until `reset()` is called.
 *
 * Source: threading.Barrier, multiprocessing.Barrier
 *
 * @example
 * ```ts
 * import { Barrier, Pool } from 'heddle';
 *
 * const start = new Barrier(3);
 * const pool = new Pool(3);
 * const ranks = await pool.map(() => start.wait(), [1, 2, 3], { chunkSize: 1 });
 * console.log(ranks.sort()); // prints: [ 0, 1, 2 ]
 * await pool.terminate();
 * ```
 */
export class Barrier extends SharedObject {
  readonly #parties: Parties;
  readonly #spin: Spin = new Spin();
  #action: (() => void) | undefined;

  static {
    Object.defineProperty(Barrier.prototype, luggage, {
      get(this: Barrier) {
        return this.#action;
      },
      /** Where it came from it is the one that was given there. */
      set(this: Barrier, action: () => void) {
        this.#action ??= action;
      },
    });
  }

  /**
   * @param parties how many there are, an integer >= 1
   * @throws RangeError, TypeError if it is something else, and for options that are not known
   */
  constructor(parties: number, options?: BarrierOptions) {
    checkInteger(parties, 'parties', 1, mostParties);
    checkOptions(options, 'options', ['action', 'timeout']);
    const { action, timeout } = options ?? {};
    if (action !== undefined) checkFunction(action, 'action');
    const ms = checkTimeout(timeout);
    super(kind, (block) => Parties.start(block, { parties, hasAction: action !== undefined, timeout: ms }));
    this.#parties = new Parties(blockOf(this));
    this.#action = action;
  }

  /** How many pass together. */
  get parties(): number {
    return this.#parties.parties;
  }

  /** How many wait. Others may have come when you look at the answer. */
  get nWaiting(): number {
    return this.#parties.waiting;
  }

  /** True while the barrier is broken. */
  get broken(): boolean {
    return this.#parties.isBroken;
  }

  /**
   * Waits until all parties have come, without blocking the thread. Resolves to the rank of the caller, from 0 to `parties - 1`, each once.
   * The party with rank 0 can do what must be done once.
   *
   * @param options milliseconds, or `{ timeout, signal }`; default the barrier's `timeout`; `Infinity` means indefinitely
   * @throws BrokenBarrierError if it is broken, or gets broken, also by its own `timeout`
   */
  wait(options?: number | WaitOptions): Operation<number> {
    if (options !== undefined) readWaitOptions(options);
    return new BarrierWait(this.#parties, this.#act, options);
  }

  /** As `wait`, and blocks the thread meanwhile. */
  waitSync(timeout?: number | SyncWaitOptions): number {
    readSyncTimeout(timeout, 'wait()');
    const party = this.#parties.arrive();
    if (party === undefined) throw brokenBarrier();
    try {
      if (party.value === TRIPS) this.#trip(party);
      if (party.value < PASSED) {
        const deadline = new Deadline(this.#parties.timeoutOf(timeout));
        blocking('Barrier.waitSync()', this.waitSync, () => blockThread(() => this.#sleep(party, deadline)));
      }
      if (party.value === FAILED) throw brokenBarrier();
      return party.more;
    } finally {
      if (party.value < PASSED) this.#parties.giveUp(party);
      party.free();
    }
  }

  #sleep(party: Waiter, deadline: Deadline): void {
    for (let slices = 1; party.value < PASSED; ) {
      if (party.value === TRIPS) {
        this.#trip(party);
        continue;
      }
      const left = deadline.left();
      if (left === 0) return this.#parties.giveUp(party);
      if (!this.#spin.until(() => party.isCalled)) party.sleep(left);
      if (party.again()) continue;
      if (looksInSlice(slices)) this.#parties.reap(true);
      slices += 1;
    }
  }

  #trip(party: Waiter): void {
    this.#act();
    this.#parties.release(party);
  }

  readonly #act = (): void => {
    if (this.#action !== undefined) atOnce(this.#action, 'action');
  };

  /** Resets the barrier to its initial state. Current waiters get a `BrokenBarrierError`. */
  reset(): void {
    this.#parties.reset();
  }

  /** Breaks the barrier. Waiters, and all that come before a reset, get a `BrokenBarrierError`. */
  abort(): void {
    this.#parties.abort();
  }

  /** The present state in numbers. */
  statistics(): BarrierStatistics {
    return { parties: this.parties, waiting: this.nWaiting, broken: this.broken };
  }
}
