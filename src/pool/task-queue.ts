/** Tasks that wait, first come first served. A linked list, so that 100,000 waiting tasks cost no more to take from, or out of, than one. */

export interface Queued {
  previous: Queued | undefined;
  next: Queued | undefined;
}

export class TaskQueue<T extends Queued> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(task: T): void {
    task.previous = this.#last;
    task.next = undefined;
    if (this.#last === undefined) this.#first = task;
    else this.#last.next = task;
    this.#last = task;
    this.#length++;
  }

  /** Puts it before all others: it has waited its turn already. */
  pushFront(task: T): void {
    task.next = this.#first;
    task.previous = undefined;
    if (this.#first === undefined) this.#last = task;
    else this.#first.previous = task;
    this.#first = task;
    this.#length++;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(task: T): void {
    if (task.previous === undefined) this.#first = task.next as T | undefined;
    else task.previous.next = task.next;
    if (task.next === undefined) this.#last = task.previous as T | undefined;
    else task.next.previous = task.previous;
    task.previous = task.next = undefined;
    this.#length--;
  }
}
