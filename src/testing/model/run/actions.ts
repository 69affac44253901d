/** The possible actions at a step. */

import type { ActionKind, Moment } from '../order/strategy.ts';
import type { ModelThread } from './thread.ts';
import type { World } from './world.ts';

/** The permissions of a test beside the budgets of the world. */
export interface Allowed {
  /** Slices of a thread in a run, while others can go on. */
  readonly slices: number;
  /** True if there are slices without a death. */
  readonly alwaysSlices: boolean;
  /** Numbers of the threads that may die. */
  readonly mayDie: ReadonlySet<number>;
}

/** The most slices when no other action is left: a thread that has not gone on by then never will. */
const LAST_SLICES = 30;

export class Actions implements Moment {
  count = 0;
  goCount = 0;
  canStay = false;
  /** True if time passes because no other action is left. */
  isForced = false;
  readonly #world: World;
  readonly #allowed: Allowed;
  readonly #kinds: ActionKind[] = [];
  readonly #who: ModelThread[] = [];

  constructor(world: World, allowed: Allowed) {
    this.#world = world;
    this.#allowed = allowed;
  }

  kind(action: number): ActionKind {
    return this.#kinds[action]!;
  }

  who(action: number): ModelThread {
    return this.#who[action]!;
  }

  state(lastCounts: boolean): number {
    return this.#world.state(lastCounts);
  }

  /** Looks around. There is nothing only if all have ended, or in a deadlock. */
  collect(): void {
    this.count = 0;
    this.isForced = false;
    this.#collectGoing((thread) => thread.canGo(this.#world.changes));
    if (this.count === 0) this.#collectPausing();
    this.goCount = this.count;
    this.#collectTimes();
    if (this.count === 0) this.#collectForced();
    if (this.count > 0 && this.#world.budgets.deaths > 0) {
      for (const thread of this.#world.threads)
        if (thread.isFresh && !thread.isOver && this.#allowed.mayDie.has(thread.number)) this.#add('kill', thread);
    }
  }

  #add(kind: ActionKind, who: ModelThread): void {
    this.#kinds[this.count] = kind;
    this.#who[this.count] = who;
    this.count += 1;
  }

  /** The last one first, then those after it, round. */
  #collectGoing(canGo: (thread: ModelThread) => boolean): void {
    const { threads, current } = this.#world;
    const first = current?.number ?? 0;
    this.canStay = current !== undefined && canGo(current);
    for (let i = 0; i < threads.length; i += 1) {
      const thread = threads[(first + i) % threads.length]!;
      if (canGo(thread)) this.#add('go', thread);
    }
  }

  /** Threads that wait for a change must look again if there will be none. Collects the one that has done so the least. */
  #collectPausing(): void {
    const isPausing = (thread: ModelThread): boolean => thread.canGo(Infinity);
    let least = Infinity;
    for (const thread of this.#world.threads) if (isPausing(thread)) least = Math.min(least, thread.idlePauses);
    this.#collectGoing((thread) => isPausing(thread) && thread.idlePauses === least);
  }

  #collectTimes(): void {
    const { threads, budgets, clock, dead } = this.#world;
    const { alwaysSlices, slices } = this.#allowed;
    for (const thread of threads) {
      if (isWaiting(thread)) {
        if (thread.deadline <= clock || (thread.deadline < Infinity && budgets.timeouts > 0)) this.#add('timeout', thread);
        if ((alwaysSlices || dead.length > 0) && thread.slices < slices) this.#add('slice', thread);
      } else if (budgets.delays > 0 && thread.status === 'ready' && thread.operation === 'now') this.#add('delay', thread);
    }
  }

  /** Collects the last resort: the next timeout, or after a death the slice of the thread that had the fewest. */
  #collectForced(): void {
    const { threads, dead, lastSlices } = this.#world;
    this.isForced = true;
    let next: ModelThread | undefined;
    for (const thread of threads) if (isWaiting(thread) && thread.deadline < (next?.deadline ?? Infinity)) next = thread;
    if (next !== undefined) return this.#add('timeout', next);
    if ((!this.#allowed.alwaysSlices && dead.length === 0) || lastSlices >= LAST_SLICES) return;
    for (const thread of threads) if (isWaiting(thread) && thread.slices < (next?.slices ?? Infinity)) next = thread;
    if (next !== undefined) this.#add('slice', next);
  }
}

/** True if it waits for another thread: asleep, or for its bell. */
function isWaiting(thread: ModelThread): boolean {
  return thread.status === 'sleeps' || (thread.status === 'ready' && thread.operation === 'listen' && !thread.isRung);
}
