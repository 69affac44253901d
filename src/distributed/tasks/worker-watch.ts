/**
 * Which workers are alive: each counts up at the server, and whose number stays the same for too long is lost. Only time is counted in which this side
 * looked regularly: when the server was away, or this process was stopped, nothing is known of the workers.
 */

import { monotonicNow } from '../../real-timers.ts';
import type { WorkerRecord } from './messages.ts';

interface Seen {
  beat: string;
  /** Milliseconds without a change, as far as they were watched. */
  silent: number;
}

/** After a pause that is longer than this, the time before does not count. */
const longestGap = 3000;

export interface JoinedWorker extends WorkerRecord {
  readonly id: string;
}

export class WorkerWatch {
  readonly #seen = new Map<string, Seen>();
  #lookedAt = 0;

  /**
   * Takes what the server says.
   *
   * @returns the workers that are lost now, and all that are alive
   */
  look(records: readonly string[], beats: readonly string[]): { readonly lost: JoinedWorker[]; readonly alive: JoinedWorker[] } {
    const now = monotonicNow();
    const passed = now - this.#lookedAt;
    const step = passed > longestGap ? 0 : passed;
    this.#lookedAt = now;
    const beatOf = new Map<string, string>();
    for (let i = 0; i < beats.length; i += 2) beatOf.set(beats[i]!, beats[i + 1]!);
    const lost: JoinedWorker[] = [];
    const alive: JoinedWorker[] = [];
    const known = new Set<string>();
    for (let i = 0; i < records.length; i += 2) {
      const id = records[i]!;
      const worker = { id, ...(JSON.parse(records[i + 1]!) as WorkerRecord) };
      known.add(id);
      const beat = beatOf.get(id) ?? '';
      const seen = this.#seen.get(id);
      if (seen === undefined || seen.beat !== beat) this.#seen.set(id, { beat, silent: 0 });
      else seen.silent += step;
      const silent = this.#seen.get(id)!.silent;
      if (silent < worker.lockDuration) alive.push(worker);
      else lost.push(worker);
    }
    for (const id of this.#seen.keys()) if (!known.has(id)) this.#seen.delete(id);
    return { lost, alive };
  }

  /** Milliseconds that a worker has been silent. */
  silence(id: string): number {
    return this.#seen.get(id)?.silent ?? 0;
  }
}
