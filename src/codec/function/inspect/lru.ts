/** A map of up to `most` entries, which forgets the entry that was not used for longest. */
export class Lru<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #most: number;
  /** The key of the entry used last. */
  #newest: K | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    // The newest entry stays where it is: a loop asks for one key all the time.
    if (value !== undefined && key !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
      this.#newest = key;
    }
    return value;
  }

  set(key: K, value: V): V {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
    if (this.#entries.size > this.#most) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest as K);
    }
    return value;
  }
}
