/**
 * The error of a `TaskGroup` that was not joined. A join may come late, at the end of a long block. The error is therefore reported when no
 * join is possible any more: the group was collected, or the program ends.
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
    tell(`heddle: a TaskGroup that was not joined failed: ${inspect(error)}\n`, error);
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
