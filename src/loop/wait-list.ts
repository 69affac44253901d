/**
 * The waiters for one thing, in order of arrival: a doubly linked list through the nodes of its members. A waiter can leave from any
 * position in constant time.
 */

/** A member's place in its list. */
export interface ListNode {
  readonly listed: Listed;
  list: WaitList<any> | undefined;
  before: ListNode | undefined;
  after: ListNode | undefined;
}

/** A member of at most one list at a time. A separate node costs memory. A member may be its own node if there are few kinds of members. */
export interface Listed {
  readonly node: ListNode;
}

export class WaitList<T extends Listed> {
  #first: ListNode | undefined;
  #last: ListNode | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first?.listed as T | undefined;
  }

  push(one: T): void {
    const { node } = one;
    node.list = this;
    node.before = this.#last;
    if (this.#last === undefined) this.#first = node;
    else this.#last.after = node;
    this.#last = node;
    this.#length += 1;
  }

  /** Puts it in front of another; of none, at the end. */
  insert(one: T, next: T | undefined): void {
    if (next === undefined) return this.push(one);
    const { node } = one;
    const after = next.node;
    node.list = this;
    node.before = after.before;
    node.after = after;
    if (after.before === undefined) this.#first = node;
    else after.before.after = node;
    after.before = node;
    this.#length += 1;
  }

  remove(one: T): void {
    this.unlink(one.node);
  }

  unlink(node: ListNode): void {
    const { before, after } = node;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    node.list = undefined;
    node.before = undefined;
    node.after = undefined;
    this.#length -= 1;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.unlink(first);
    return first.listed as T;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let at = this.#first; at !== undefined; ) {
      const next: ListNode | undefined = at.after;
      yield at.listed as T;
      at = next;
    }
  }
}
