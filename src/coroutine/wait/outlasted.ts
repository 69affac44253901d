/** A wait for a promise that cannot be ended: a waiter that is thrown out resumes when the promise is settled. */

import { enterOutside, leaveOutside, Shielded } from '../../loop/index.ts';

export class Outlasted<T> extends Shielded<T> {
  #thrown: { readonly error: unknown } | undefined = undefined;

  constructor(promise: PromiseLike<T>) {
    super();
    enterOutside();
    promise.then(
      (value) => {
        leaveOutside();
        if (this.#thrown === undefined) this.settle(value);
        else this.fail(this.#thrown.error);
      },
      (error: unknown) => {
        leaveOutside();
        this.fail(error);
      },
    );
  }

  describe(): string {
    return 'a promise';
  }

  protected interrupted(error: unknown): void {
    this.#thrown = { error };
  }
}
