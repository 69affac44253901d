/** A queue with two ends in a ring of a power of two: no item is moved but when it grows. */

const LEAST = 16;

export class Deque<T> {
  #ring: (T | undefined)[] = emptyRing(LEAST);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#resize(this.#length * 2);
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length += 1;
  }

  unshift(item: T): void {
    if (this.#length === this.#ring.length) this.#resize(this.#length * 2);
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = item;
    this.#length += 1;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    if (this.#length === 0 && this.#ring.length > 4096) this.#resize(LEAST);
    return item;
  }

  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length -= 1;
    const at = (this.#head + this.#length) & (this.#ring.length - 1);
    const item = this.#ring[at];
    this.#ring[at] = undefined;
    return item;
  }

  /** The item at a place counted from the front. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#ring[(this.#head + index) & (this.#ring.length - 1)] : undefined;
  }

  /** Takes the item at a place; the others keep their order. */
  take(index: number): T | undefined {
    const item = this.at(index);
    const mask = this.#ring.length - 1;
    for (let i = index; i > 0; i -= 1) this.#ring[(this.#head + i) & mask] = this.#ring[(this.#head + i - 1) & mask];
    this.shift();
    return item;
  }

  clear(): void {
    this.#ring = emptyRing(LEAST);
    this.#head = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#length; i += 1) yield this.at(i) as T;
  }

  #resize(size: number): void {
    const ring = emptyRing<T>(size);
    for (let i = 0; i < this.#length; i += 1) ring[i] = this.at(i);
    this.#ring = ring;
    this.#head = 0;
  }
}

function emptyRing<T>(size: number): (T | undefined)[] {
  // oxlint-disable-next-line unicorn/no-new-array -- the way to allocate the whole ring at once
  return new Array<T | undefined>(size);
}
