/** The lock of a `Value` or `SharedArray`: a word of the record names it, and it travels with the object. */

import { load, store } from '#atomics';
import { checkFunction, checkOptions, expected } from '../check.ts';
import { InvalidStateError } from '../errors.ts';
import { readSyncTimeout, type SyncWaitOptions, type WaitOptions } from '../loop/index.ts';
import { type Block, blockOf, joinObject, refOf, type SharedObject, travelsToo } from '../memory/index.ts';
import { TypeError } from '../refusals.ts';
import { Lock, RLock } from '../sync/index.ts';

/** Options of `Value` and `SharedArray`. */
export interface SharedOptions {
  /** The lock that `update` takes. Default: a new `Lock`; `false`: no lock. */
  readonly lock?: boolean | Lock | RLock | undefined;
}

/** The statistics of a lock, or of its absence. */
export interface GuardedStatistics {
  /** True while its lock is held; false where it has none. */
  readonly locked: boolean;
  /** Threads that wait for its lock. */
  readonly waiting: number;
}

export class GuardingLock {
  readonly #object: SharedObject;
  readonly #offset: number;
  #lock: Lock | RLock | undefined;

  /** @param offset of the word of the record that names the lock; 0 there: no lock */
  constructor(object: SharedObject, offset: number, lock: Lock | RLock | undefined) {
    this.#object = object;
    this.#offset = offset;
    this.#lock = lock;
  }

  /**
   * The lock that the options ask for.
   *
   * @throws TypeError for options that are not known
   */
  static from(options: SharedOptions | undefined): Lock | RLock | undefined {
    checkOptions(options, 'options', ['lock']);
    const lock = options?.lock ?? true;
    if (typeof lock === 'boolean') return lock ? new Lock() : undefined;
    if (lock instanceof Lock || lock instanceof RLock) return lock;
    throw new TypeError(expected('lock', 'a boolean, a Lock or an RLock', lock));
  }

  /** Names the lock in a new record. */
  static write({ words, at }: Block, offset: number, lock: Lock | RLock | undefined): void {
    if (lock === undefined) return;
    store(words, at + offset, refOf(lock));
    travelsToo(lock);
  }

  /** Undefined where the object has none. */
  get lock(): Lock | RLock | undefined {
    if (this.#lock !== undefined) return this.#lock;
    const { words, at } = blockOf(this.#object);
    const ref = load(words, at + this.#offset);
    return ref === 0 ? undefined : (this.#lock = joinObject(ref) as Lock | RLock);
  }

  /** @throws InvalidStateError where the object has none */
  get(): Lock | RLock {
    const { lock } = this;
    if (lock !== undefined) return lock;
    throw new InvalidStateError(`this ${this.#object.constructor.name} has no lock: it was made with { lock: false }`);
  }

  statistics(): GuardedStatistics {
    const { locked, waiting } = this.lock?.statistics() ?? { locked: false, waiting: 0 };
    return { locked, waiting };
  }

  /** Calls `change` while the lock is held. */
  async within<R>(fn: unknown, change: () => R, options: number | WaitOptions | undefined): Promise<R> {
    checkFunction(fn, 'fn');
    const guard = await this.get().hold(options);
    try {
      return change();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  withinSync<R>(fn: unknown, change: () => R, options: number | SyncWaitOptions | undefined): R {
    checkFunction(fn, 'fn');
    if (options !== undefined) readSyncTimeout(options, 'update()');
    const guard = this.get().holdSync(options);
    try {
      return change();
    } finally {
      guard[Symbol.dispose]();
    }
  }
}
