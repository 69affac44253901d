/**
 * The tasks that a worker has begun and not ended, and whether it is right that it waits for them.
 *
 * While all of them wait for something of this worker's own, the link does not keep the event loop alive: if the loop then runs
 * dry, nothing is left that could ever settle them, and they are told so.
 */

import { HeddleError } from '../../errors.ts';
import type { Link } from '../link/link.ts';

/** A single call settles by `fail` or by its outcome; a chunk also knows how far it is. */
export interface Begun {
  readonly name: string;
  /** Ends it with this error; for a chunk the item that runs. */
  fail(error: unknown): void;
  /** Called when it is not wanted any more, or took too long: of a chunk, item `index` or `wholeChunk`. */
  abort(reason: unknown, index: number): void;
  /** True if it has asked for its signal, and that may be aborted. */
  awaitsAbort(): boolean;
  /** Begin no further item. */
  curtail?(): void;
  /** The consumer of its stream has taken `count` values. */
  taken?(count: number): void;
  /** The worker exits: send what is done. */
  rescue?(): void;
  /** True if it waits for something here, not for its host. */
  isWaiting: boolean;
  /** An object that may hold signals of the task: a signal that only its own listeners reference could not be aborted otherwise. */
  held?: unknown;
}

export class BegunTasks {
  readonly #link: Link;
  /** Nearly always there is no more than one. */
  #one: Begun | undefined;
  #idOfOne = 0;
  readonly #others: Map<number, Begun> = new Map();
  /** Not to be written. */
  size = 0;
  #waiting = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  add(id: number, task: Begun): void {
    this.size++;
    if (this.#one !== undefined) this.#others.set(id, task);
    else {
      this.#one = task;
      this.#idOfOne = id;
    }
  }

  get(id: number): Begun | undefined {
    return this.#one !== undefined && this.#idOfOne === id ? this.#one : this.#others.get(id);
  }

  get ids(): number[] {
    return this.#one === undefined ? [...this.#others.keys()] : [this.#idOfOne, ...this.#others.keys()];
  }

  get #all(): Begun[] {
    return this.#one === undefined ? [...this.#others.values()] : [this.#one, ...this.#others.values()];
  }

  /** @returns false if it has ended already */
  delete(id: number): boolean {
    const task = this.get(id);
    if (task === undefined) return false;
    this.size--;
    if (task === this.#one) this.#one = undefined;
    else this.#others.delete(id);
    if (task.isWaiting) this.#waiting--;
    if (task.isWaiting || this.size > 0) this.#refresh();
    return true;
  }

  /** @param onHost whether what it waits for may come from its host */
  wait(task: Begun, onHost: boolean): void {
    if (task.isWaiting === !onHost) return this.#refresh();
    task.isWaiting = !onHost;
    this.#waiting += onHost ? -1 : 1;
    this.#refresh();
  }

  /** The loop has run dry. */
  failStuck(): void {
    const stuck = this.#all.filter((task) => task.isWaiting);
    if (stuck.length === 0) return;
    for (const task of stuck) {
      if (task.awaitsAbort()) this.wait(task, true);
      else
        task.fail(
          new HeddleError(`${task.name} can never settle: it waits for a promise, but nothing is left in its worker that could settle it`),
        );
    }
    this.#refresh();
    this.#link.flush();
    // A chunk may wait for its next item already: the loop has to run dry once more for us to be asked again.
    setImmediate(() => {});
  }

  rescue(): void {
    for (const task of this.#all) task.rescue?.();
  }

  #refresh(): void {
    if (this.#waiting > 0 && this.#waiting === this.size) this.#link.unref();
    else this.#link.ref();
  }
}
