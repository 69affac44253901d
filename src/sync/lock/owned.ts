/**
 * What one thread at a time owns: the word of a `Lock`, and with more to it (`reentrant.ts`) that of an `RLock`.
 *
 *   OWNER:   0 free ──CAS──▶ slot id of the owner ──release──▶ 0, or RESERVED if the first in line has waited for more than 1 ms
 *            RESERVED ──CAS, by the first in line──▶ its slot id
 *            slot id of a dead one ──CAS, by whoever finds out──▶ its own, and it is told who died
 *
 * The owner is written by the very CAS that takes it, so there is no moment in which it is taken and nobody knows by whom.
 */

import { compareExchange, load, store } from '#atomics';
import { checkBoolean, checkOptions, expected } from '../../check.ts';
import { InvalidStateError, OwnerDied, type ThreadInfo } from '../../errors.ts';
import { type Block, blockOf, isDead, layout, me, ownOffset, type SharedObject, threadOf } from '../../memory/index.ts';
import { Acquirable } from '../acquire/acquirable.ts';
import { TypeError } from '../../refusals.ts';

const at = layout('Lock', "a lock's own words, also an RLock's", {
  owner: ['slot', 'who has it; 0: it is free; bit 31: it is free for the first in line'],
  flags: ['bits', '1: strictly in order, 2: a takeover from a dead owner is not told'],
});
const OWNER = ownOffset + at.owner;
const FLAGS = ownOffset + at.flags;

const RESERVED = 1 << 31;
const FAIR = 1;
const SILENT = 2;

export interface LockOptions {
  /** Strictly in order of arrival. Default false: until somebody has waited for a millisecond, who runs may take a free lock first. */
  readonly fair?: boolean | undefined;
  /** `ignore`: a lock whose owner died is taken over without a word. Default `throw`: who gets it next is told by an `OwnerDied`. */
  readonly onOwnerDied?: 'throw' | 'ignore' | undefined;
}

/** What a lock says of itself. */
export interface LockStatistics {
  /** True while it is locked. */
  readonly locked: boolean;
  /** How many threads wait for it; the async waiters of one thread count as one. */
  readonly waiting: number;
}

/** How somebody had it, to have it so again. */
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
  /** Whose lock it was that has just been taken over. */
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

  /** Whether this thread has it. */
  protected get isMine(): boolean {
    return load(this.words, this.at + OWNER) === me;
  }

  /** Whether who asks has it. */
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

  /** It has been taken once, and is as it was before `dropAll`. */
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

  /** Anybody may release a lock, but as a rule it is its owner, and nobody waits. @throws InvalidStateError if it is free */
  drop(_isHeld?: boolean, _taker?: object): void {
    if (this.mayWait || compareExchange(this.words, this.at + OWNER, me, 0) !== me) this.#dropOfAnybody();
    // ORDER: freed, then looked whether somebody waits; pairs with who stands in line and then looks whether it is free.
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
