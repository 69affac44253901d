/**
 * The state of each task that is sent ahead to a busy worker: a word in memory that both share. Whatever dies, it says whether the worker
 * has begun the task, and lets the host take it back in the same moment.
 *
 *   host: claim ──▶ queued ──worker: beginAhead──▶ running ──outcome──▶ host: free
 *                     └──────host: takeBack──▶ taken back                          the next task in the word has another ticket
 *
 *   ticket   | number of the use | place |        word   | number of the use | state |
 *              22 bits             8                       22 bits             2
 *
 * A worker finds the ticket in the frame. A recalled task still lies in its inbox, perhaps for long: by then another task may have the
 * word.
 *
 * A thread has its words in a SharedArrayBuffer. A process gets them in the shared heap (`WordRow`) when it has had some tasks, because to
 * load what that takes costs as much as hundreds of them.
 */

import type { SharedWords } from '../../undisturbed.ts';

/** Words from some place on. */
export interface WordsAt {
  readonly words: Int32Array;
  readonly at: number;
  /** An object that must live as long as the words are used. */
  readonly owner?: object;
}

/** Tasks of one worker that have a word at a time. */
export const mostTickets = 256;
const MAX_USES = 2 ** 22;
const QUEUED = 1;
const RUNNING = 2;
const TAKEN_BACK = 3;

const placeOf = (ticket: number): number => ticket & 0xff;
const wordOf = (ticket: number, state: number): number => ((ticket >>> 8) << 2) | state;

/** The words of one worker, at its host. */
export class AheadWords {
  readonly #words: WordsAt;
  readonly #free: number[] = [];
  #uses = 0;

  constructor(words: WordsAt) {
    this.#words = words;
    for (let place = mostTickets - 1; place >= 0; place--) this.#free.push(place);
  }

  /** A ticket for one more task; 0 when all words are in use. */
  claim(): number {
    const place = this.#free.pop();
    if (place === undefined) return 0;
    this.#uses = (this.#uses % (MAX_USES - 1)) + 1;
    const ticket = ((this.#uses << 8) | place) >>> 0;
    Atomics.store(this.#words.words, this.#words.at + place, wordOf(ticket, QUEUED));
    return ticket;
  }

  /** @returns false when the worker has begun it */
  takeBack(ticket: number): boolean {
    const isBack = change(this.#words, ticket, QUEUED, TAKEN_BACK);
    if (isBack) this.free(ticket);
    return isBack;
  }

  hasBegun(ticket: number): boolean {
    return Atomics.load(this.#words.words, this.#words.at + placeOf(ticket)) === wordOf(ticket, RUNNING);
  }

  /** The task has ended, or was taken back. */
  free(ticket: number): void {
    this.#free.push(placeOf(ticket));
  }
}

/** Words for a thread. */
export function wordsForThread(): SharedWords {
  return new Int32Array(new SharedArrayBuffer(mostTickets * 4));
}

/** To be called by a worker before it begins the task. @returns false when the host has taken it back */
export function beginAhead(words: WordsAt, ticket: number): boolean {
  return change(words, ticket, QUEUED, RUNNING);
}

function change({ words, at }: WordsAt, ticket: number, from: number, to: number): boolean {
  const before = wordOf(ticket, from);
  return Atomics.compareExchange(words, at + placeOf(ticket), before, wordOf(ticket, to)) === before;
}
