/**
 * Tasks that wait: those of higher priority first, among equals first come first served.
 *
 *   priority  5   a ⇄ b
 *             0   c ⇄ d ⇄ e        one linked list a level: 100,000 waiting tasks cost no more to take from, or out of, than one
 */

export interface Queued {
  readonly priority: number;
  previous: Queued | undefined;
  next: Queued | undefined;
}

interface Level<T> {
  readonly priority: number;
  first: T | undefined;
  last: T | undefined;
}

export class TaskQueue<T extends Queued> {
  /** Highest first; nearly always there is one. Empty levels are taken out. */
  readonly #levels: Level<T>[] = [];
  readonly #isFlat: boolean;
  /** Not to be written. */
  length = 0;

  /** @param isFlat whether priorities are not looked at */
  constructor(isFlat: boolean = false) {
    this.#isFlat = isFlat;
  }

  get first(): T | undefined {
    return this.#levels[0]?.first;
  }

  push(task: T): void {
    const level = this.#levelOf(task);
    task.previous = level.last;
    task.next = undefined;
    if (level.last === undefined) level.first = task;
    else level.last.next = task;
    level.last = task;
    this.length++;
  }

  /** Puts it before its equals: it has waited its turn already. */
  pushFront(task: T): void {
    const level = this.#levelOf(task);
    task.next = level.first;
    task.previous = undefined;
    if (level.first === undefined) level.last = task;
    else level.first.previous = task;
    level.first = task;
    this.length++;
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(task: T): void {
    const at = this.#indexOf(this.#priorityOf(task));
    const level = this.#levels[at]!;
    if (task.previous === undefined) level.first = task.next as T | undefined;
    else task.previous.next = task.next;
    if (task.next === undefined) level.last = task.previous as T | undefined;
    else task.next.previous = task.previous;
    task.previous = task.next = undefined;
    this.length--;
    if (level.first === undefined) this.#levels.splice(at, 1);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const level of this.#levels) for (let at = level.first; at !== undefined; at = at.next as T | undefined) yield at;
  }

  #priorityOf(task: T): number {
    return this.#isFlat ? 0 : task.priority;
  }

  #levelOf(task: T): Level<T> {
    const priority = this.#priorityOf(task);
    const at = this.#indexOf(priority);
    const found = this.#levels[at];
    if (found?.priority === priority) return found;
    const level: Level<T> = { priority, first: undefined, last: undefined };
    this.#levels.splice(at, 0, level);
    return level;
  }

  /** Where the level stands, or would stand. */
  #indexOf(priority: number): number {
    let low = 0;
    let high = this.#levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#levels[middle]!.priority > priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
