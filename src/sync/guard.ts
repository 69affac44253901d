/** What `hold()` gives: it gives back what was taken, once. */

import type { Acquirable } from './acquirable.ts';

export class Guard implements Disposable {
  #of: Acquirable | undefined;

  constructor(of: Acquirable) {
    this.#of = of;
  }

  [Symbol.dispose](): void {
    const of = this.#of;
    this.#of = undefined;
    of?.drop(true);
  }
}
