/** A promise and the hand that resolves it. */

export class Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;

  constructor() {
    let resolve!: () => void;
    this.promise = new Promise<void>((settle) => (resolve = settle));
    this.resolve = resolve;
  }
}
