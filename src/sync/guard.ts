/** The result of `hold()`: releases what was acquired, once. */

import type { Acquirable } from './acquirable.ts';

export class Guard implements Disposable {
  #of: Acquirable | undefined;
  readonly #holder: object | undefined;

  /** Call this right after an acquisition. */
  constructor(of: Acquirable) {
    this.#of = of;
    this.#holder = of.holder;
  }

  [Symbol.dispose](): void {
    const of = this.#of;
    this.#of = undefined;
    of?.drop(true, this.#holder);
  }
}
