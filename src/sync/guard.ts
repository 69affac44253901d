/** What `hold()` gives: it gives back what was taken, once. */

import type { Acquirable } from './acquirable.ts';

export class Guard implements Disposable {
  #of: Acquirable | undefined;
  readonly #holder: object | undefined;

  /** It has just been taken. */
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
