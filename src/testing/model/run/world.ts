/** The state of a run of the model: its threads, the sleepers, the time, and the remaining events. The events change it. */

import { Fingerprint } from '../order/fingerprint.ts';
import type { ActionKind } from '../order/strategy.ts';
import type { ModelThread, Status } from './thread.ts';

/** The remaining numbers of events. */
export interface Budgets {
  timeouts: number;
  deaths: number;
  delays: number;
}

/** How a sleep or a wait for the bell came to its end. */
export type WokenBy = 'wake' | 'timeout' | 'slice';

export class World {
  readonly threads: readonly ModelThread[];
  readonly budgets: Budgets;
  /** In the order in which they are woken. */
  readonly sleepers: ModelThread[] = [];
  /** The number of changes: of a word, or of what a thread waits for. */
  changes = 0;
  /** In milliseconds. */
  clock = 0;
  /** Slices that came because nothing else could. */
  lastSlices = 0;
  /** The thread that made the last step. */
  current: ModelThread | undefined;
  readonly dead: ModelThread[] = [];
  /** Of the words that have changed, and of what `once` did. */
  readonly memory: Fingerprint = new Fingerprint();
  readonly outside: Fingerprint = new Fingerprint();

  constructor(threads: readonly ModelThread[], budgets: Budgets) {
    this.threads = threads;
    this.budgets = budgets;
  }

  state(lastCounts: boolean): number {
    const all = new Fingerprint();
    all.mixAll(this.memory);
    all.mixAll(this.outside);
    for (const thread of this.threads) {
      all.mixAll(thread.fingerprint);
      all.mix(STATUSES.indexOf(thread.status));
      all.mix(Number(thread.isRung) + 2 * Number(thread.isFresh && this.budgets.deaths > 0) + 4 * thread.slices);
      all.mix(thread.pausedAt === -1 ? 0 : Number(thread.pausedAt < this.changes) + 1);
      all.mix(thread.pausedAt === this.changes ? thread.idlePauses : 0);
      all.mix(thread.deadline === Infinity ? -1 : thread.deadline);
    }
    for (const { number } of this.sleepers) all.mix(number);
    const { timeouts, deaths, delays } = this.budgets;
    for (const value of [timeouts, deaths, delays, this.clock, this.lastSlices]) all.mix(value);
    if (lastCounts) all.mix(this.current?.number ?? -1);
    return all.number;
  }

  changed(): void {
    this.changes += 1;
  }

  /** Records that a thread's state was changed by another's step. */
  touched(thread: ModelThread): void {
    this.changes += 1;
    thread.isFresh = true;
  }

  lieDown(thread: ModelThread): void {
    thread.status = 'sleeps';
    this.sleepers.push(thread);
    this.changes += 1;
  }

  getUp(thread: ModelThread, by: WokenBy): void {
    const at = this.sleepers.indexOf(thread);
    if (at !== -1) this.sleepers.splice(at, 1);
    thread.note(thread.operation, thread.index, by);
    thread.deadline = Infinity;
    thread.status = 'woken';
    this.touched(thread);
  }

  /** First come, first woken: so do the kernel and V8. */
  wake(words: Int32Array, index: number, count: number): ModelThread[] {
    const woken: ModelThread[] = [];
    for (const thread of this.sleepers) {
      if (woken.length >= count) break;
      if (thread.words === words && thread.index === index) woken.push(thread);
    }
    for (const thread of woken) this.getUp(thread, 'wake');
    return woken;
  }

  happens(kind: Exclude<ActionKind, 'go'>, who: ModelThread, isForced: boolean): void {
    switch (kind) {
      case 'timeout':
        if (who.deadline > this.clock) {
          this.clock = who.deadline;
          if (!isForced) this.budgets.timeouts -= 1;
        }
        this.getUp(who, 'timeout');
        break;
      case 'slice':
        if (isForced) this.lastSlices += 1;
        who.slices += 1;
        this.getUp(who, 'slice');
        break;
      case 'delay':
        this.budgets.delays -= 1;
        this.clock += DELAY;
        this.changes += 1;
        break;
      case 'kill': {
        this.budgets.deaths -= 1;
        who.status = 'dead';
        const at = this.sleepers.indexOf(who);
        if (at !== -1) this.sleepers.splice(at, 1);
        this.dead.push(who);
        this.changes += 1;
        break;
      }
    }
  }
}

const STATUSES: readonly Status[] = ['begins', 'ready', 'sleeps', 'woken', 'ended', 'dead'];

/** Milliseconds that go by before a thread looks at the clock: more than what a waiter is patient for. */
const DELAY = 2;
