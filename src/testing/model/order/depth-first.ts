/**
 * All schedules with a bounded number of pre-emptions, depth first. Leaving a thread that could go on for another one counts; following a
 * thread that waits or has ended does not. Most bugs need one or two. (Musuvathi and Qadeer, "Iterative context bounding for systematic
 * testing of multithreaded programs", 2007: CHESS)
 *
 * A state that was seen before leads to nothing new: the same words, and the same results of each thread's steps so far. (The results are
 * all that a thread knows, so they stand for its variables.) This joins branches that were explored in different orders, also those of
 * deaths and timeouts.
 */

import type { Moment, Strategy } from './strategy.ts';

interface Node {
  picked: number;
  readonly count: number;
  readonly goCount: number;
  readonly canStay: boolean;
}

/** The same schedule must give the same run. */
export function checkSame(before: number, now: number): void {
  if (before !== now)
    throw new Error(
      `the same schedule gave two different runs, in which ${before} and ${now} things could happen: something else decides, too`,
    );
}

export class DepthFirst implements Strategy {
  readonly #bound: number;
  readonly #nodes: Node[] = [];
  /** How few pre-emptions it took to come to a state; undefined: states are not kept. */
  readonly #seen: Map<number, number> | undefined;
  #depth = 0;
  /** Pre-emptions so far. */
  #spent = 0;
  /** True if the bound left out schedules. */
  leavesOut = false;

  /**
   * @param bound how many pre-emptions; Infinity: all schedules
   * @param keepsStates whether runs end at states that were seen before
   */
  constructor(bound: number, keepsStates: boolean) {
    this.#bound = bound;
    this.#seen = keepsStates ? new Map() : undefined;
  }

  pick(moment: Moment): number {
    const { count, goCount, canStay } = moment;
    let node = this.#nodes[this.#depth];
    if (node === undefined) {
      if (this.#seen !== undefined && this.#wasSeen(this.#seen, moment.state(this.#bound !== Infinity))) return -1;
      this.#nodes.push((node = { picked: 0, count, goCount, canStay }));
    } else checkSame(node.count, count);
    this.#depth += 1;
    this.#spent += cost(node, node.picked);
    return node.picked;
  }

  #wasSeen(seen: Map<number, number>, state: number): boolean {
    const spent = this.#bound === Infinity ? 0 : this.#spent;
    if ((seen.get(state) ?? Infinity) <= spent) return true;
    seen.set(state, spent);
    return false;
  }

  /** Prepares the next run; false after the last. */
  next(): boolean {
    this.#depth = 0;
    this.#spent = 0;
    let spent = 0;
    for (const node of this.#nodes) spent += cost(node, node.picked);
    for (let node = this.#nodes.at(-1); node !== undefined; node = this.#nodes.at(-1)) {
      spent -= cost(node, node.picked);
      for (let action = node.picked + 1; action < node.count; action += 1) {
        if (spent + cost(node, action) <= this.#bound) {
          node.picked = action;
          return true;
        }
        this.leavesOut = true;
      }
      this.#nodes.pop();
    }
    return false;
  }
}

const cost = ({ canStay, goCount }: Node, action: number): number => (canStay && action > 0 && action < goCount ? 1 : 0);
