/**
 * The error of a `TaskGroup` that nobody has joined. Somebody may do so late, at the end of a long block; therefore it is told when nobody
 * can any more: the group is gone, or the program ends.
 */

import { inspect } from 'node:util';
import { tell } from '../../loop/index.ts';

const waiting = new Set<Unjoined>();
const gone = new FinalizationRegistry<Unjoined>((one) => one.tell());

export class Unjoined {
  #failure: { readonly error: unknown } | undefined = undefined;
  #isJoined = false;

  /** @param owner with which the error is lost */
  failed(owner: object, error: unknown): void {
    if (this.#isJoined || this.#failure !== undefined) return;
    this.#failure = { error };
    if (waiting.size === 0) process.once('exit', tellAll);
    waiting.add(this);
    gone.register(owner, this, this);
  }

  joined(): void {
    this.#isJoined = true;
    if (waiting.delete(this)) this.#forget();
  }

  tell(): void {
    if (!waiting.delete(this)) return;
    const { error } = this.#failure!;
    tell(`heddle: a TaskGroup that nobody joined failed: ${inspect(error)}\n`, error);
    this.#forget();
  }

  #forget(): void {
    gone.unregister(this);
    if (waiting.size === 0) process.off('exit', tellAll);
  }
}

function tellAll(): void {
  for (const one of waiting) one.tell();
}
