/**
 * All schedules that differ, depth first. Two steps of different threads at different words, or two loads, give the same result in either
 * order. Of schedules that differ in such orders only, one is run.
 *
 *   Races: another thread is tried in a moment only if that leads to a step that races with the one that was made there: depends on it
 *   directly, and is not in order after it anyway. Vector clocks tell which steps precede others in any case. (Abdulla and others, "Optimal
 *   dynamic partial order reduction", 2014: source sets)
 *
 *   Sleep sets: a thread whose step was tried in a moment is not tried again after the other steps of that moment, until one is made that
 *   depends on its. (Godefroid, "Partial-order methods for the verification of concurrent systems", 1996)
 *
 * Events, and steps other than a plain operation on a word, count as dependent on everything. Where there are events, all threads are
 * tried.
 */

import { checkSame } from './depth-first.ts';
import type { Moment, Strategy } from './strategy.ts';
import type { ModelThread } from '../run/thread.ts';

/** The access of a step; `words` undefined: it depends on everything. */
interface Access {
  readonly words: Int32Array | undefined;
  readonly index: number;
  readonly isWrite: boolean;
}

const everything: Access = { words: undefined, index: 0, isWrite: true };

/** Of each thread how many nodes lead to its last step that comes before in any case. */
type Clock = readonly number[];

interface Node {
  readonly count: number;
  readonly goCount: number;
  /** The threads that can go on, by action, and their next accesses, by thread. */
  readonly numbers: readonly number[];
  readonly accesses: readonly Access[];
  /** Before the step, by thread. */
  readonly clocks: readonly Clock[];
  /** Threads, as bits: those that can go on, those that must be tried, and those that need not be tried any more. */
  readonly canGo: number;
  toTry: number;
  asleep: number;
  picked: number;
  /** The events before this one were tried. */
  event: number;
  /** Of the step that was picked. */
  clock: Clock;
}

const noClock: Clock = [];

export class PartialOrder implements Strategy {
  readonly looksAhead = true;
  readonly #nodes: Node[] = [];
  #depth = 0;

  pick(moment: Moment): number {
    const known = this.#nodes[this.#depth];
    if (known !== undefined) {
      checkSame(known.count, moment.count);
      this.#depth += 1;
      return known.picked;
    }
    const node = this.#nodeOf(moment);
    const first = node.numbers.find((number) => (node.asleep & (1 << number)) === 0);
    if (first !== undefined) node.toTry |= 1 << first;
    if (node.count > node.goCount) node.toTry = node.canGo;
    if (!this.#advance(node)) return -1;
    this.#nodes.push(node);
    this.#depth += 1;
    return node.picked;
  }

  /** Prepares the next run; false after the last. */
  next(): boolean {
    this.#depth = 0;
    for (let node = this.#nodes.at(-1); node !== undefined; node = this.#nodes.at(-1)) {
      this.#nodes.pop();
      const tried = node.numbers[node.picked];
      if (tried !== undefined) node.asleep |= 1 << tried;
      if (this.#advance(node)) {
        this.#nodes.push(node);
        return true;
      }
    }
    return false;
  }

  #nodeOf(moment: Moment): Node {
    const { count, goCount } = moment;
    const last = this.#nodes.at(-1);
    const numbers: number[] = [];
    const accesses: Access[] = [];
    let canGo = 0;
    for (let action = 0; action < goCount; action += 1) {
      const thread = moment.who(action);
      numbers.push(thread.number);
      accesses[thread.number] = accessOf(thread);
      canGo |= 1 << thread.number;
    }
    const clocks = last === undefined ? [] : [...last.clocks];
    const going = last?.numbers[last.picked];
    if (going !== undefined) clocks[going] = last!.clock;
    // A thread that can go on since the last step comes after it.
    for (const number of numbers)
      if (last !== undefined && (last.canGo & (1 << number)) === 0) clocks[number] = joined(clocks[number] ?? noClock, last.clock);
    const asleep = last === undefined ? 0 : stillAsleep(last);
    return { count, goCount, numbers, accesses, clocks, canGo, toTry: 0, asleep, picked: -1, event: goCount, clock: noClock };
  }

  /** Moves to the next action that must be tried. */
  #advance(node: Node): boolean {
    const open = node.toTry & ~node.asleep;
    let action = node.numbers.findIndex((number) => (open & (1 << number)) !== 0);
    if (action === -1) {
      if (node.event === node.count) return false;
      action = node.event++;
    }
    node.picked = action;
    node.clock = this.#clockOf(node);
    return true;
  }

  /**
   * The steps that precede this one in any case: the thread's own steps, those on which it depends, and their predecessors. The step races
   * with those among them that depend on it directly: they might come after it.
   */
  #clockOf(node: Node): Clock {
    const number = node.numbers[node.picked];
    const access = stepOf(node);
    let clock: Clock = number === undefined ? noClock : (node.clocks[number] ?? noClock);
    const races: number[] = [];
    for (let depth = this.#nodes.length - 1; depth >= 0; depth -= 1) {
      const before = this.#nodes[depth]!;
      const other = before.numbers[before.picked];
      if (other !== undefined && (clock[other] ?? 0) > depth) continue;
      if (isIndependent(access, stepOf(before))) continue;
      clock = joined(clock, before.clock);
      // An event comes after all that was before.
      if (other === undefined) break;
      if (number !== undefined) races.push(depth);
    }
    if (number === undefined) return clock;
    const own = [...clock];
    own[number] = this.#nodes.length + 1;
    for (const depth of races) this.#turnRound(depth, number, own);
    return own;
  }

  /**
   * Handles a race of a step with the present one. A thread that can begin what leads to the latter without the former must be tried in its
   * place. If none is marked yet, one is.
   */
  #turnRound(depth: number, number: number, clock: Clock): void {
    const node = this.#nodes[depth]!;
    if (node.toTry === node.canGo) return;
    const other = node.numbers[node.picked]!;
    /** Of the steps that do not come after the former in any case, by thread: the first, as in a clock. */
    const firsts: number[] = [];
    let beginners = 0;
    const add = (who: number, at: number, its: Clock): void => {
      if (firsts[who] !== undefined) return;
      if (!firsts.some((first, one) => first !== undefined && (its[one] ?? 0) >= first)) beginners |= 1 << who;
      firsts[who] = at;
    };
    for (let later = depth + 1; later < this.#nodes.length; later += 1) {
      const between = this.#nodes[later]!;
      const who = between.numbers[between.picked];
      if (who !== undefined && (between.clock[other] ?? 0) <= depth) add(who, later + 1, between.clock);
    }
    add(number, this.#nodes.length + 1, clock);
    if ((beginners & (node.toTry | node.asleep)) !== 0) return;
    const able = beginners & node.canGo;
    node.toTry |= able === 0 ? node.canGo : able & -able;
  }
}

/** Returns the access of a node's step. */
function stepOf(node: Node): Access {
  const number = node.numbers[node.picked];
  return number === undefined ? everything : node.accesses[number]!;
}

function joined(a: Clock, b: Clock): number[] {
  const clock: number[] = [];
  for (let i = 0; i < a.length || i < b.length; i += 1) clock.push(Math.max(a[i] ?? 0, b[i] ?? 0));
  return clock;
}

/** Returns the threads whose steps need not be tried after the one of this node: those on which it does not depend. */
function stillAsleep(node: Node): number {
  if (node.asleep === 0) return 0;
  const step = stepOf(node);
  let asleep = 0;
  for (const number of node.numbers)
    if ((node.asleep & (1 << number)) !== 0 && isIndependent(node.accesses[number]!, step)) asleep |= 1 << number;
  return asleep;
}

function accessOf(thread: ModelThread): Access {
  if (thread.status !== 'ready' || thread.pausedAt !== -1) return everything;
  const { operation, words, index, a } = thread;
  switch (operation) {
    case 'load':
      return { words, index, isWrite: false };
    case 'compareExchange':
      // In this moment: one that fails is a load.
      return { words, index, isWrite: words[index] === a };
    case 'store':
    case 'exchange':
    case 'add':
    case 'and':
    case 'or':
    case 'sleep':
    case 'wake':
    case 'once':
      return { words, index, isWrite: true };
    default:
      return everything;
  }
}

function isIndependent(a: Access, b: Access): boolean {
  if (a.words === undefined || b.words === undefined) return false;
  return a.words !== b.words || a.index !== b.index || (!a.isWrite && !b.isWrite);
}
