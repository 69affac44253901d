/**
 * The state of a lock that one thread at a time owns: that of a `Lock`, and with additions (`reentrant.ts`) that of an `RLock`.
 *
 *   OWNER:   0 free ──CAS──▶ slot id of the owner ──release──▶ 0, or RESERVED if the first in line has waited for more than 1 ms
 *            RESERVED ──CAS, by the first in line──▶ its slot id
 *            slot id of a dead one ──CAS, by the finder──▶ id of the finder, with an `OwnerDied` for it
 *
 * The CAS that acquires the lock also writes its owner. The lock is never held by an unknown thread.
 */

import { compareExchange, load, store } from '#atomics';
import { checkBoolean, checkOptions, expected } from '../../check.ts';
import { InvalidStateError, OwnerDied, type ThreadInfo } from '../../errors.ts';
import { type Block, blockOf, isDead, layout, me, ownOffset, type SharedObject, threadOf } from '../../memory/index.ts';
import { Acquirable } from '../acquire/acquirable.ts';
import { TypeError } from '../../refusals.ts';

const at = layout('Lock', "a lock's own words, also an RLock's", {
  owner: ['slot', 'the owner; 0: free; bit 31: free for the first in line only'],
  flags: ['bits', '1: strictly in order, 2: a takeover from a dead owner is not told'],
});
const OWNER = ownOffset + at.owner;
const FLAGS = ownOffset + at.flags;

const RESERVED = 1 << 31;
const FAIR = 1;
const SILENT = 2;

/** Options of a `Lock` or `RLock`. */
export interface LockOptions {
  /**
   * Strictly in order of arrival. Default false: a running thread may take a free lock first, until a waiter has waited for a millisecond.
   */
  readonly fair?: boolean | undefined;
  /** `ignore`: a lock whose owner died is taken over without an error. Default `throw`: the next acquisition throws `OwnerDied`. */
  readonly onOwnerDied?: 'throw' | 'ignore' | undefined;
}

/** The statistics of a lock. */
export interface LockStatistics {
  /** True while it is locked. */
  readonly locked: boolean;
  /** How many threads wait for it; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/** The way in which a lock was held, to acquire it again in the same way. */
export interface Taken {
  /** In whose name, where that makes a difference. */
  readonly taker: object | undefined;
  /** How often. */
  readonly depth: number;
}

const plainly: Taken = { taker: undefined, depth: 1 };

/** The first words of a new one. */
export type OwnedStart = (block: Block) => void;

export class Owned extends Acquirable {
  /** The dead owner of the lock that was just taken over. */
  #died: ThreadInfo | undefined;
  readonly #isSilent: boolean;

  constructor(handle: SharedObject) {
    const { words, at: begin } = blockOf(handle);
    const flags = load(words, begin + FLAGS);
    super(handle, (flags & FAIR) !== 0);
    this.#isSilent = (flags & SILENT) !== 0;
  }

  static start(options: LockOptions | undefined): OwnedStart {
    const flags = readFlags(options);
    return ({ words, at: begin }) => void store(words, begin + FLAGS, flags);
  }

  get owner(): ThreadInfo | null {
    const id = load(this.words, this.at + OWNER);
    return id === 0 || id === RESERVED ? null : threadOf(id);
  }

  /** True while this thread owns the lock. */
  protected get isMine(): boolean {
    return load(this.words, this.at + OWNER) === me;
  }

  /** True if the caller owns the lock. */
  get isHeldHere(): boolean {
    return this.isMine;
  }

  protected override get isOwnCycle(): boolean {
    return this.isMine;
  }

  /** Gives it back, however often it was taken. */
  dropAll(): Taken {
    this.drop();
    return plainly;
  }

  /** Called after the lock was acquired once: restores its state from before `dropAll`. */
  restore(_taken: Taken): void {}

  statistics(): LockStatistics {
    return { locked: !this.isFree(), waiting: this.line.count() };
  }

  takeFree(): boolean {
    if (this.isFair && this.mayWait) return false;
    return compareExchange(this.words, this.at + OWNER, 0, me) === 0;
  }

  takeReserved(): boolean {
    const free = load(this.words, this.at + OWNER);
    return (free === 0 || free === RESERVED) && compareExchange(this.words, this.at + OWNER, free, me) === free;
  }

  isFree(): boolean {
    return (load(this.words, this.at + OWNER) & ~RESERVED) === 0;
  }

  takeFromDead(_isHeld: boolean, isThorough: boolean): boolean {
    const owner = load(this.words, this.at + OWNER);
    if (owner === 0 || owner === RESERVED || !isDead(owner, isThorough)) return false;
    if (compareExchange(this.words, this.at + OWNER, owner, me) !== owner) return false;
    if (!this.#isSilent) this.#died = threadOf(owner);
    return true;
  }

  errorOfTaking(): Error | undefined {
    const died = this.#died;
    if (died === undefined) return undefined;
    this.#died = undefined;
    return new OwnerDied(
      `${died.name} (pid ${died.pid}, thread ${died.thread}) ended while it had this ${this.title}: what it guards may be half changed`,
      died,
    );
  }

  /**
   * Releases the lock. Any thread may do so; the fast path is a release by the owner without waiters. @throws InvalidStateError if it is
   * free
   */
  drop(_isHeld?: boolean, _taker?: object): void {
    if (this.mayWait || compareExchange(this.words, this.at + OWNER, me, 0) !== me) this.#dropOfAnybody();
    // ORDER: freed, then looked for waiters; pairs with a waiter, which joins the line and then looks whether it is free.
    if (this.mayWait) this.line.callFirst(this.isFair);
  }

  #dropOfAnybody(): void {
    const owner = load(this.words, this.at + OWNER);
    const free = this.reserves ? RESERVED : 0;
    if (owner === 0 || owner === RESERVED || compareExchange(this.words, this.at + OWNER, owner, free) !== owner)
      throw new InvalidStateError(`release() of a ${this.title} that is not locked`);
  }

  describe(): string {
    const { owner } = this;
    return owner === null ? `${this.title} unlocked` : `${this.title} held by ${owner.name} (pid ${owner.pid}, thread ${owner.thread})`;
  }
}

function readFlags(options: LockOptions | undefined): number {
  checkOptions(options, 'options', ['fair', 'onOwnerDied']);
  const { fair, onOwnerDied = 'throw' } = options ?? {};
  checkBoolean(fair, 'fair');
  if (onOwnerDied !== 'throw' && onOwnerDied !== 'ignore') throw new TypeError(expected('onOwnerDied', "'throw' or 'ignore'", onOwnerDied));
  return (fair === true ? FAIR : 0) | (onOwnerDied === 'ignore' ? SILENT : 0);
}
