/** A small map that forgets what was not used for longest: what is learnt about code is kept, but not for ever. */
export class Lru<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #most: number;
  /** The value of the entry used last. */
  #newest: V | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    // The newest entry stays where it is: a loop asks for one key all the time.
    if (value !== undefined && value !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
      this.#newest = value;
    }
    return value;
  }

  set(key: K, value: V): V {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = value;
    if (this.#entries.size > this.#most) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest as K);
    }
    return value;
  }
}
