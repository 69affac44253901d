/**
 * A thread of the model: a plain function, and what it has done so far.
 *
 *             its first turn                      a sleep whose word is as expected
 *   begins ─────────────────▶ ready ◀──────────▶ turn ───────────────────▶ sleeps ──▶ woken ──▶ turn
 *                        (before an operation)    └──▶ ended             (a wake, a time-out, a slice)
 *
 * and from everywhere but the end: dead.
 */

import type { ModelAgent } from './agent.ts';
import { Fingerprint } from '../order/fingerprint.ts';
import type { OperationName } from './operation.ts';

export type Status = 'begins' | 'ready' | 'sleeps' | 'woken' | 'ended' | 'dead';

/** The number of loads in a row without news that counts as a spinning loop. */
const SPINS = 20;

const nowhere: Int32Array = new Int32Array(1);

export class ModelThread {
  readonly number: number;
  readonly name: string;
  /** The id of its slot. */
  readonly id: number;
  readonly body: () => void;
  agent!: ModelAgent;
  status: Status = 'begins';

  /** The results of its operations, with their names and places: replayed when its body is run again. */
  readonly results: unknown[] = [];
  /** Of the results. */
  readonly fingerprint: Fingerprint = new Fingerprint();
  readonly #operations: OperationName[] = [];
  readonly #indexes: number[] = [];
  /** How many of them its body has been told in this turn. */
  told = 0;

  /** The operation before which it stands, or in which it sleeps. */
  operation: OperationName = 'start';
  words: Int32Array = nowhere;
  index = 0;
  a = 0;
  b = 0;

  /** When it sleeps or listens, by the model's clock. */
  deadline: number = Infinity;
  slices = 0;
  /** True if its bell was rung, and it has not listened since. */
  isRung = false;
  /** How many changes there had been when it began to look and found that it has nothing to do; -1: it has something to do. */
  pausedAt = -1;
  /** The number of its pauses since the last change. */
  idlePauses = 0;
  /** How many changes there had been at its first look since it last paused or changed something; -1: it has not looked. */
  #lookedAt = -1;
  #idleAt = -1;
  /** True if it made the last step, or that step changed its state: a death now differs from an earlier one. */
  isFresh = true;
  /** The argument that its body passed to `openBell` in this turn. */
  onRing: (() => void) | undefined;
  bellPlace = 0;

  #loads = 0;
  #loadsBegan = 0;
  readonly #loaded: number[] = [];

  constructor(number: number, name: string, id: number, body: () => void) {
    this.number = number;
    this.name = name;
    this.id = id;
    this.body = body;
  }

  get isOver(): boolean {
    return this.status === 'ended' || this.status === 'dead';
  }

  /** True if its next operation can be made. */
  canGo(changes: number): boolean {
    if (this.status === 'ready') return (this.operation !== 'listen' || this.isRung) && (this.pausedAt === -1 || changes > this.pausedAt);
    return this.status === 'begins' || this.status === 'woken';
  }

  note(operation: OperationName, index: number, result: unknown): void {
    this.results.push(result);
    this.fingerprint.mix(asNumber(result));
    this.#operations.push(operation);
    this.#indexes.push(index);
    this.told = this.results.length;
  }

  /** Returns the previous result of the operation. @throws Error if it was another operation */
  tell(operation: OperationName, index: number): unknown {
    const at = this.told++;
    if (this.#operations[at] !== operation || this.#indexes[at] !== index)
      throw new Error(
        `thread ${this.name} did another thing when it was run again: step ${at + 1} was ${this.#operations[at]} of word ${this.#indexes[at]}, and is ` +
          `${operation} of word ${index} now. All that its body uses must be made inside of it, but for what is in the model's memory`,
      );
    return this.results[at];
  }

  /** Pauses: it has nothing to do unless something has changed since it looked. */
  pause(changes: number): void {
    this.pausedAt = this.#lookedAt === -1 ? changes : this.#lookedAt;
    this.#lookedAt = -1;
    this.idlePauses = this.#idleAt === changes ? this.idlePauses + 1 : 1;
    this.#idleAt = changes;
  }

  /** After each operation on a word. A thread that only looks again at what it has seen, with nothing changed in between, pauses. */
  looked(isLoad: boolean, hasChanged: boolean, index: number, changes: number): void {
    if (hasChanged || this.#lookedAt === -1) this.#lookedAt = changes;
    if (!isLoad || changes !== this.#loadsBegan) {
      this.#loadsBegan = changes;
      this.#loads = 0;
      this.#loaded.length = 0;
    }
    if (!isLoad) return;
    if (!this.#loaded.includes(index)) this.#loaded.push(index);
    else if ((this.#loads += 1) >= SPINS) {
      this.#loads = 0;
      this.pause(changes);
    }
  }
}

/** `once` gives other things, too; its fingerprint is of what was done before. */
function asNumber(result: unknown): number {
  if (typeof result === 'string') return result.charCodeAt(0);
  return typeof result === 'object' || typeof result === 'function' ? 0 : Number(result) | 0;
}
