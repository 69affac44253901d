/** A line of a queue in a block of its own, which is made when the first thread waits there. */

import { compareExchange, load } from '#atomics';
import {
  adopt,
  allocateOwned,
  type Block,
  blockAt,
  freeOwned,
  type Heirs,
  theAgent,
  waitableWords,
  waitingOffset,
  WaitQueue,
} from '../memory/index.ts';

export class LazyLine {
  readonly #owner: Block;
  /** Of the owner: the word that names the block. */
  readonly #word: number;
  readonly #heirs: Heirs | undefined;
  #queue: WaitQueue | undefined;
  #block: Block | undefined;

  constructor(owner: Block, word: number, heirs?: Heirs) {
    this.#owner = owner;
    this.#word = word;
    this.#heirs = heirs;
  }

  /** The line, if it has been made. */
  get known(): WaitQueue | undefined {
    if (this.#queue !== undefined) return this.#queue;
    // ORDER: pairs with the CAS below: the block is there.
    const ref = load(this.#owner.words, this.#owner.at + this.#word);
    return ref === 0 ? undefined : this.#open(ref);
  }

  /** The line. @throws HeddleError if the heap is full */
  get(): WaitQueue {
    return this.known ?? this.#make();
  }

  /** Whether a thread in line has to be called. */
  get isWaitedFor(): boolean {
    if (this.known === undefined) return false;
    const { words, at } = this.#block!;
    return load(words, at + waitingOffset) !== 0;
  }

  #make(): WaitQueue {
    const block = allocateOwned(waitableWords);
    const before = compareExchange(this.#owner.words, this.#owner.at + this.#word, 0, block.ref);
    if (before === 0) adopt(block);
    else freeOwned(block);
    return this.#open(before === 0 ? block.ref : before);
  }

  #open(ref: number): WaitQueue {
    this.#block = blockAt(theAgent().memory, ref);
    this.#queue = new WaitQueue(this.#block, this.#heirs);
    return this.#queue;
  }
}
