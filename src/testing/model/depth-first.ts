/**
 * All schedules with a bounded number of pre-emptions, depth first: a thread that could go on is left for another one only so often; that one
 * goes on in the place of a thread that waits or has ended costs nothing. Most bugs need one or two. (Musuvathi and Qadeer, "Iterative
 * context bounding for systematic testing of multithreaded programs", 2007: CHESS)
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
  #depth = 0;
  /** Whether there are schedules that the bound left out. */
  leavesOut = false;

  /** @param bound how many pre-emptions; Infinity: all schedules */
  constructor(bound: number) {
    this.#bound = bound;
  }

  pick({ count, goCount, canStay }: Moment): number {
    const known = this.#nodes[this.#depth];
    this.#depth += 1;
    if (known !== undefined) checkSame(known.count, count);
    else this.#nodes.push({ picked: 0, count, goCount, canStay });
    return known?.picked ?? 0;
  }

  /** Prepares the next run; false if there is none. */
  next(): boolean {
    this.#depth = 0;
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
