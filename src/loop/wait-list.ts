/** Who waits for one thing, in order of arrival. Anybody can leave from the middle at once: it is a list linked through its members. */

export interface Listed {
  list: WaitList<any> | undefined;
  before: Listed | undefined;
  after: Listed | undefined;
}

export class WaitList<T extends Listed> {
  #first: Listed | undefined;
  #last: Listed | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first as T | undefined;
  }

  push(one: T): void {
    one.list = this;
    one.before = this.#last;
    if (this.#last === undefined) this.#first = one;
    else this.#last.after = one;
    this.#last = one;
    this.#length += 1;
  }

  /** Puts it in front of another; of none, at the end. */
  insert(one: T, next: T | undefined): void {
    if (next === undefined) return this.push(one);
    one.list = this;
    one.before = next.before;
    one.after = next;
    if (next.before === undefined) this.#first = one;
    else next.before.after = one;
    next.before = one;
    this.#length += 1;
  }

  remove(one: T): void {
    const { before, after } = one;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    one.list = undefined;
    one.before = undefined;
    one.after = undefined;
    this.#length -= 1;
  }

  shift(): T | undefined {
    const first = this.#first as T | undefined;
    if (first !== undefined) this.remove(first);
    return first;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let at = this.#first; at !== undefined; ) {
      const next: Listed | undefined = at.after;
      yield at as T;
      at = next;
    }
  }
}
