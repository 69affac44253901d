/** Collects the frames of one tick, so that they leave together: one write costs about as much as twenty frames. */

import { nextTick } from '../../real-timers.ts';
import type { Frame } from './frame.ts';

export class Batch {
  readonly #write: (frames: Frame[]) => void;
  #frames: Frame[] = [];
  #isScheduled = false;

  constructor(write: (frames: Frame[]) => void) {
    this.#write = write;
  }

  add(frame: Frame): void {
    this.#frames.push(frame);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    nextTick(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** Sends it at once, behind those that are collected. */
  now(frame: Frame): void {
    if (this.#frames.length === 0) return this.#write([frame]);
    this.#frames.push(frame);
    this.flush();
  }

  flush(): void {
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#write(frames);
  }

  clear(): void {
    this.#frames = [];
  }
}
