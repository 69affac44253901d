/** Fires the signals that came with tasks when the host says so, also if that comes before they have been decoded. */

import { type Border, abortImported, decode, prepare } from '../../codec/index.ts';
import { HeddleError } from '../../errors.ts';
import type { Frame } from '../link/frame.ts';
import { incoming, metaOf } from '../link/message.ts';

export class SignalIntake {
  readonly #border: Border;
  /** Messages that may hold signals and whose modules are being imported. */
  #undecoded = 0;
  /** Signals that fired meanwhile. */
  #firedEarly: { readonly id: string; readonly reason: unknown }[] = [];

  constructor(border: Border) {
    this.#border = border;
  }

  fire(f: Frame): void {
    const meta = metaOf(f);
    const id = meta.name ?? '';
    const fire = (): void => {
      const reason = decode(incoming(f, meta), this.#border);
      if (this.#undecoded > 0) this.#firedEarly.push({ id, reason });
      abortImported(id, reason);
    };
    const ready = prepare(incoming(f, meta));
    if (ready === undefined) fire();
    else ready.then(fire, () => abortImported(id, new HeddleError('the reason of the abort could not be decoded')));
  }

  /** Waits for the modules of a message that may hold signals. */
  wait(ready: Promise<unknown>, then: () => void, otherwise: (error: unknown) => void): void {
    this.#undecoded++;
    ready.then(
      () => {
        this.#undecoded--;
        then();
      },
      (error: unknown) => {
        this.#undecoded--;
        otherwise(error);
      },
    );
  }

  /** None has fired that was not there. */
  get isQuiet(): boolean {
    return this.#firedEarly.length === 0;
  }

  /** Decodes what may hold signals. */
  decode<T>(work: () => T): T {
    const result = work();
    if (this.#firedEarly.length > 0) {
      for (const { id, reason } of this.#firedEarly) abortImported(id, reason);
      if (this.#undecoded === 0) this.#firedEarly = [];
    }
    return result;
  }
}
