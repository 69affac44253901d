/** Waiters of a pool: callbacks for its next change, and maps that hold jobs back. Pools of this machine and remote ones have the same. */

/** Callbacks that are called once. */
export class Callbacks {
  readonly #callbacks: Set<() => void> = new Set();

  get size(): number {
    return this.#callbacks.size;
  }

  add(callback: () => void): void {
    this.#callbacks.add(callback);
  }

  /** Calls all that are there now; each may add another. */
  call(): void {
    const now = [...this.#callbacks];
    this.#callbacks.clear();
    for (const callback of now) callback();
  }
}

/** A source of jobs that it does not submit yet. */
export interface Holder {
  submitAll(): void;
}

/** A `WeakRef`, which the library of ES2020 does not know. */
export interface Weak<T> {
  deref(): T | undefined;
}

/** Maps that may hold back what they have read. */
export class Holders {
  readonly #holders: Set<Weak<Holder>> = new Set();

  /** @returns what removes it; it does not know the map */
  add(holder: Weak<Holder>): () => void {
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  submitAll(): void {
    for (const holder of this.#holders) holder.deref()?.submitAll();
  }
}
