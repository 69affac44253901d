/**
 * All schedules, depth first. Two ways to keep their number small:
 *
 * Bounded pre-emptions: a thread that could go on is left for another one only so often; that one goes on in the place of a thread that
 * waits or has ended costs nothing. Most bugs need one or two. (Musuvathi and Qadeer, "Iterative context bounding for systematic testing of
 * multithreaded programs", 2007: CHESS)
 *
 * Without a bound, sleep sets: two steps of different threads at different words, or two loads, give the same in either order, so that
 * only one of the orders is run. A thread whose step was tried in a moment sleeps in the others from there on until a step is made that depends
 * on its one. (Godefroid, "Partial-order methods for the verification of concurrent systems", 1996.) Together with a bound they would lose
 * schedules. Events, and all that is no plain atomic operation, are taken to depend on everything.
 */

import type { Moment, Strategy } from './strategy.ts';
import type { ModelThread } from './thread.ts';

interface Node {
  picked: number;
  readonly count: number;
  readonly goCount: number;
  readonly canStay: boolean;
  /** Who goes on, by action. */
  readonly numbers: readonly number[];
  /** The operations before which the threads stood; undefined where that depends on everything. */
  readonly operations: readonly (Access | undefined)[];
  /** Threads (bits) that need not go on here: the other order was run. */
  asleep: number;
}

interface Access {
  readonly words: Int32Array;
  readonly index: number;
  readonly isWrite: boolean;
}

export class DepthFirst implements Strategy {
  readonly #bound: number;
  readonly looksAhead: boolean;
  readonly #nodes: Node[] = [];
  #depth = 0;
  /** Whether there are schedules that the bound left out. */
  leavesOut = false;

  /**
   * @param bound how many pre-emptions
   * @param reduces whether it uses sleep sets; without a bound only
   */
  constructor(bound: number, reduces: boolean) {
    this.#bound = bound;
    this.looksAhead = reduces;
  }

  pick(moment: Moment): number {
    const known = this.#nodes[this.#depth];
    if (known !== undefined) {
      if (known.count !== moment.count) throw new Error('the same schedule gave two different runs: something else decides, too');
      this.#depth += 1;
      return known.picked;
    }
    const { count, goCount, canStay } = moment;
    const numbers: number[] = [];
    const operations: (Access | undefined)[] = [];
    if (this.looksAhead) {
      for (let i = 0; i < goCount; i += 1) {
        const who = moment.who(i);
        numbers.push(who.number);
        operations[who.number] = accessOf(who);
      }
    }
    const node: Node = { picked: -1, count, goCount, canStay, numbers, operations, asleep: this.#inherited() };
    if (!this.#advance(node, 0)) return -1;
    this.#nodes.push(node);
    this.#depth += 1;
    return node.picked;
  }

  /** Prepares the next run; false if there is none. */
  next(): boolean {
    this.#depth = 0;
    let spent = 0;
    if (this.#bound !== Infinity) for (const node of this.#nodes) spent += cost(node, node.picked);
    for (let node = this.#nodes.at(-1); node !== undefined; node = this.#nodes.at(-1)) {
      spent -= cost(node, node.picked);
      const tried = node.numbers[node.picked];
      if (tried !== undefined) node.asleep |= 1 << tried;
      if (this.#advance(node, spent)) return true;
      this.#nodes.pop();
    }
    return false;
  }

  /** To the next action that is to be tried. */
  #advance(node: Node, spent: number): boolean {
    for (let i = node.picked + 1; i < node.count; i += 1) {
      if (spent + cost(node, i) > this.#bound) {
        this.leavesOut = true;
        continue;
      }
      const number = node.numbers[i];
      if (number !== undefined && (node.asleep & (1 << number)) !== 0) continue;
      node.picked = i;
      return true;
    }
    return false;
  }

  /** Who sleeps after the last step. */
  #inherited(): number {
    const last = this.#nodes.at(-1);
    if (last === undefined || last.asleep === 0) return 0;
    const going = last.numbers[last.picked];
    if (going === undefined) return 0;
    let asleep = 0;
    for (const number of last.numbers)
      if ((last.asleep & (1 << number)) !== 0 && isIndependent(last.operations[number], last.operations[going])) asleep |= 1 << number;
    return asleep;
  }
}

const cost = ({ canStay, goCount }: Node, action: number): number => (canStay && action > 0 && action < goCount ? 1 : 0);

function accessOf(thread: ModelThread): Access | undefined {
  if (thread.status !== 'ready' || thread.pausedAt !== -1) return undefined;
  switch (thread.operation) {
    case 'load':
      return { words: thread.words, index: thread.index, isWrite: false };
    case 'compareExchange':
      // In this moment: one that fails is a load.
      return { words: thread.words, index: thread.index, isWrite: thread.words[thread.index] === thread.a };
    case 'store':
    case 'exchange':
    case 'add':
    case 'and':
    case 'or':
    case 'sleep':
    case 'wake':
    case 'once':
      return { words: thread.words, index: thread.index, isWrite: true };
    default:
      return undefined;
  }
}

const isIndependent = (a: Access | undefined, b: Access | undefined): boolean =>
  a !== undefined && b !== undefined && (a.index !== b.index || a.words !== b.words || (!a.isWrite && !b.isWrite));
