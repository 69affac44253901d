/** Items of a map that travel together. If their worker is lost, those that had not begun go on elsewhere. */

import type { Capsule, Packet } from '../codec/index.ts';
import { CancelledError, type WorkerEnd } from '../errors.ts';
import type { ChunkReport, Outcome, WorkerHandle } from '../worker/index.ts';
import { type Job, type Loss, lostError, maxReturns } from './job.ts';

export interface Chunk {
  readonly id: number;
  readonly capsule: Capsule;
  readonly packet: Packet;
  readonly count: number;
  readonly isSpread: boolean;
}

export interface ChunkEvents {
  /** The next outcomes, in the order of the items; `ms` is what the worker spent on them, if it ran them. */
  outcomes(outcomes: readonly Outcome[], ms: number | undefined): void;
}

export class ChunkJob implements Job {
  readonly id: number;
  since = 0;
  readonly #chunk: Chunk;
  readonly #events: ChunkEvents;
  #worker: WorkerHandle | undefined;
  /** The first item without an outcome. */
  #next = 0;
  /** The first item that has certainly not begun. */
  #allowed = 0;
  /** Times it came back without having got on. */
  #returns = 0;
  #nextAtSend = -1;

  constructor(chunk: Chunk, events: ChunkEvents) {
    this.id = chunk.id;
    this.#chunk = chunk;
    this.#events = events;
  }

  get name(): string {
    return this.#chunk.capsule.name;
  }

  get #left(): number {
    return this.#chunk.count - this.#next;
  }

  send(worker: WorkerHandle): void {
    const { capsule, packet, count, isSpread } = this.#chunk;
    this.#worker = worker;
    this.#returns = this.#nextAtSend === this.#next ? this.#returns + 1 : 0;
    this.#nextAtSend = this.#next;
    this.#allowed = this.#next + 1;
    worker.callEach(this.id, capsule, packet, count, this.#next, isSpread);
  }

  reported(report: ChunkReport): boolean {
    this.#next = report.first + report.outcomes.length;
    this.#allowed = report.allowed;
    const isDone = this.#left === 0;
    if (isDone) this.#worker?.chunkDone(this.id);
    return isDone;
  }

  deliver(report: ChunkReport): void {
    this.#events.outcomes(report.outcomes, report.ms);
  }

  settled(outcome: Outcome): void {
    this.#endRest(outcome);
  }

  workerLost(end: WorkerEnd, isBegun: boolean): Loss {
    // What changed owner on the way to the lost worker cannot be sent again, and a chunk that never gets on must not go round for ever.
    const mayGoOn = this.#chunk.packet.transfer.length === 0 && this.#returns < maxReturns;
    const inDoubt = mayGoOn ? (isBegun ? this.#allowed - this.#next : 0) : this.#left;
    this.#next += inDoubt;
    const lost = (): void => this.#events.outcomes(repeated(inDoubt, { ok: false, value: lostError(end, this.name) }), undefined);
    return { remains: this.#left > 0, settle: inDoubt === 0 ? () => {} : lost };
  }

  dropped(error: unknown): void {
    this.#endRest({ ok: false, value: error });
  }

  cancelled(): void {
    this.#endRest({ ok: false, value: new CancelledError('the item was cancelled before it began') });
  }

  #endRest(outcome: Outcome): void {
    const left = this.#left;
    this.#next = this.#chunk.count;
    this.#events.outcomes(repeated(left, outcome), undefined);
  }
}

function repeated(count: number, outcome: Outcome): Outcome[] {
  return Array.from({ length: count }, () => outcome);
}
