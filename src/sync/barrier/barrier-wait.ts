/** A party that waits at a barrier without blocking its thread. */

import { BrokenBarrierError } from '../../errors.ts';
import { Pending, readWaitOptions, type WaitOptions } from '../../loop/index.ts';
import { type AsyncWait, theAgent, type Waiter } from '../../memory/index.ts';
import { type Parties, PASSED, TRIPS } from './parties.ts';
import { isThoroughProbe } from '../acquire/death-watch.ts';

export class BarrierWait extends Pending<number> implements AsyncWait {
  readonly #parties: Parties;
  readonly #act: () => void;
  /** Undefined when it has left. */
  #party: Waiter | undefined;
  #probes = 0;

  constructor(parties: Parties, act: () => void, options: number | WaitOptions | undefined) {
    super();
    this.#parties = parties;
    this.#act = act;
    const { signal } = readWaitOptions(options);
    if (signal?.aborted === true) {
      this.fail(signal.reason);
      return;
    }
    this.#party = parties.arrive(this);
    if (this.#party === undefined) {
      this.fail(brokenBarrier());
      return;
    }
    this.step();
    this.limit({ timeout: parties.timeoutOf(options), signal });
  }

  describe(): string {
    return 'Barrier.wait()';
  }

  step(): void {
    const party = this.#party;
    if (party === undefined) return;
    party.again();
    if (party.value === TRIPS && !this.#trip(party)) return;
    if (party.value >= PASSED) this.#end(party);
  }

  #trip(party: Waiter): boolean {
    try {
      this.#act();
    } catch (error) {
      this.#leave(party);
      this.fail(error);
      return false;
    }
    this.#parties.release(party);
    return true;
  }

  probe(): void {
    this.#probes += 1;
    this.#parties.reap(isThoroughProbe(this.#probes));
    this.step();
  }

  /** A call that arrived before the callback was set would otherwise be lost: this party may already have to run the action. */
  pass(): void {
    if (this.#party?.value === TRIPS) this.step();
  }

  override expire(): void {
    const party = this.#party;
    if (party === undefined) return;
    this.#parties.giveUp(party);
    this.#end(party);
  }

  protected override abandon(): void {
    if (this.#party !== undefined) this.#leave(this.#party);
  }

  #end(party: Waiter): void {
    const { value, more } = party;
    this.#leave(party);
    if (value === PASSED) this.settle(more);
    else this.fail(brokenBarrier());
  }

  #leave(party: Waiter): void {
    if (party.value < PASSED) this.#parties.giveUp(party);
    this.#party = undefined;
    party.free();
    theAgent().waits.delete(this);
  }
}

export function brokenBarrier(): BrokenBarrierError {
  return new BrokenBarrierError(
    'the barrier is broken: it was aborted or reset, or one of its parties gave up, has died, or failed in its action',
  );
}
