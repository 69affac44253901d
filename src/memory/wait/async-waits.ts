/**
 * The waits of a thread that do not block it: stepped after a ring of its doorbell, probed four times a second. The bell is opened with the
 * first such wait. While there are waits, the bell keeps the program alive.
 */

import { store } from '#atomics';
import { enterOutside, leaveOutside, withoutContext } from '../../loop/index.ts';
import { clearInterval, setImmediate, setInterval } from '../../real-timers.ts';
import type { AsyncWait, AsyncWaits } from '../threads/agent.ts';
import { checkRefusal, needsSocket, publishBell, publishSocket } from '../threads/bells.ts';
import type { Bell, Memory } from '../heap/memory.ts';
import { slotFields, slotOf } from '../threads/slots.ts';

/** Between two probes, in milliseconds: for deaths only, everything else rings. */
const probeEvery = 250;

export class LoopWaits implements AsyncWaits {
  readonly #memory: Memory;
  readonly #id: number;
  readonly #slot: number;
  readonly #waits: Set<AsyncWait> = new Set();
  #bell: Bell | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isKicked = false;
  #hasSocket = false;
  #onRing: (() => void) | undefined;

  constructor(memory: Memory, id: number) {
    this.#memory = memory;
    this.#id = id;
    this.#slot = slotOf(id);
  }

  [Symbol.iterator](): Iterator<AsyncWait> {
    return this.#waits[Symbol.iterator]();
  }

  add(wait: AsyncWait): void {
    if (this.#waits.size === 0) this.#begin();
    this.#waits.add(wait);
  }

  delete(wait: AsyncWait): void {
    if (this.#waits.delete(wait) && this.#waits.size === 0) this.#end();
  }

  kick(): void {
    if (this.#isKicked || this.#waits.size === 0) return;
    this.#isKicked = true;
    setImmediate(() => {
      this.#isKicked = false;
      this.#stepAll();
    });
  }

  #begin(): void {
    if (this.#bell === undefined) withoutContext(() => this.#open());
    else this.#openSocket();
    enterOutside();
    this.#bell!.ref();
    withoutContext(() => (this.#timer = setInterval(() => this.#probeAll(), probeEvery)));
    this.#timer!.unref();
  }

  #end(): void {
    leaveOutside();
    this.#bell!.unref();
    clearInterval(this.#timer);
  }

  listen(onRing: () => void): void {
    this.#onRing = onRing;
    if (this.#bell === undefined) withoutContext(() => this.#open());
  }

  #open(): void {
    this.#bell = this.#memory.openBell((this.#slot + slotFields.rung) * 4, () => this.#ring());
    publishBell(this.#memory, this.#id, this.#bell.address);
    checkRefusal(this.#memory);
    this.#openSocket();
  }

  #openSocket(): void {
    if (this.#hasSocket || this.#bell === undefined || !needsSocket(this.#memory)) return;
    this.#hasSocket = true;
    publishSocket(this.#memory, this.#id, this.#bell);
  }

  #ring(): void {
    this.#stepAll();
    this.#onRing?.();
  }

  #stepAll(): void {
    for (const wait of this.#waits) wait.step();
  }

  /** A ring may have been lost with its ringer, between the mark and the pipe. */
  #probeAll(): void {
    checkRefusal(this.#memory);
    this.#openSocket();
    store(this.#memory.segment(0), this.#slot + slotFields.rung, 0);
    for (const wait of this.#waits) wait.probe();
  }
}
