/**
 * Sends what the calls of one handle have gathered, one request at a time: what is called while a request is on its way goes with the next.
 *
 *   idle ──kick──▶ step ──▶ more ──▶ step …        wait ──▶ called, kicked, or a second is over ──▶ step …        idle
 */

import { withoutContext } from '../../loop/index.ts';
import { clearTimeout, setTimeout } from '../../real-timers.ts';
import type { Client } from '../server/client.ts';
import { lookEvery } from '../objects/waiting.ts';

/** The state after a step: more that can be sent now, something that the server has no place or no item for yet, or nothing. */
export type Next = 'more' | 'wait' | 'idle';

let pumps = 0;

export class Pump {
  readonly #client: Client;
  /** By which scripts call it. */
  readonly token: string;
  readonly #step: () => Promise<Next>;
  #isRunning = false;
  #isKicked = false;
  #wake: (() => void) | undefined;
  /** True while a step waits for the server. */
  isWaiting = false;

  /** @param step does not throw */
  constructor(client: Client, step: () => Promise<Next>) {
    this.#client = client;
    this.token = `${client.id}:p${++pumps}`;
    this.#step = step;
  }

  /** There is something new to send. */
  kick(): void {
    this.#isKicked = true;
    this.#wake?.();
    if (!this.#isRunning) withoutContext(() => void this.#run());
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let stopListening: (() => void) | undefined;
    // All calls of this turn go together.
    await Promise.resolve();
    for (;;) {
      this.#isKicked = false;
      const next = await this.#step();
      if (this.#isKicked || next === 'more') continue;
      if (next === 'idle') break;
      this.isWaiting = true;
      stopListening ??= this.#client.onCall(this.token, () => this.kick());
      await this.#sleep();
      this.isWaiting = false;
    }
    stopListening?.();
    this.#isRunning = false;
  }

  async #sleep(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, lookEvery);
      if (this.#isKicked) resolve();
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
