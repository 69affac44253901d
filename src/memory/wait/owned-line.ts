/**
 * A line in a block of its own, which a word of another block names. The block is allocated when something first waits there, so that an object has
 * any number of lines for a word each.
 *
 *    wait:   open the line ─▶ join ─▶ look ─▶ sleep             the word is written by a CAS: of several blocks one becomes the line
 *    call:   change what is waited for ─▶ is there a line? ─▶ call
 */

import { compareExchange, load } from '#atomics';
import { theAgent } from '../threads/agent.ts';
import { type Block, blockAt } from '../heap/block.ts';
import { layout } from '../heap/layout.ts';
import { adopt, allocateListed, freeOwned } from '../objects/owned.ts';
import { kinds, tagOf } from '../heap/tag.ts';
import { type Heirs, type LineWords, WaitQueue } from './wait-queue.ts';
import { waiterWords } from './waiter.ts';

const inline = 3;

const record = layout('Line', 'a block that is nothing but a line', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'the next block with waiters'],
  waiting: ['bits', '1: a waiter may be in line'],
  tickets: ['uint32', 'the next ticket'],
  reserved: ['bits', 'nothing yet', 4],
  waiters: ['bits', 'three waiters', inline * waiterWords],
});

const line: LineWords = { ...record, inline };

export class OwnedLine {
  readonly #owner: Block;
  readonly #at: number;
  readonly #heirs: Heirs;
  #known: WaitQueue | undefined;

  /** @param word of the owner: its CHAIN, or one of its `refs`. Once written it does not change */
  constructor(owner: Block, word: number, heirs: Heirs = {}) {
    this.#owner = owner;
    this.#at = owner.at + word;
    this.#heirs = heirs;
  }

  /** The line, for threads that call; undefined: nothing has ever waited there. */
  get known(): WaitQueue | undefined {
    if (this.#known !== undefined) return this.#known;
    // ORDER: after the change of what is waited for; pairs with `open`, behind which a waiter joins and then looks.
    const ref = load(this.#owner.words, this.#at);
    return ref === 0 ? undefined : this.#on(blockAt(theAgent().memory, ref));
  }

  /** Returns the line for waiting threads, allocated at its first use. @throws HeddleError if the heap is full */
  open(): WaitQueue {
    const { known } = this;
    if (known !== undefined) return known;
    const block = allocateListed(tagOf(kinds.line), record.size);
    const before = compareExchange(this.#owner.words, this.#at, 0, block.ref);
    if (before === 0) {
      adopt(block);
      return this.#on(block);
    }
    freeOwned(block);
    return this.#on(blockAt(theAgent().memory, before));
  }

  #on(block: Block): WaitQueue {
    return (this.#known = new WaitQueue(block, this.#heirs, line));
  }
}
