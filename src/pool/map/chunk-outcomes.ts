/**
 * Outcomes of the items of one chunk, as reports bring them, until the consumer takes them.
 *
 *   items     from . . . . . next . . . . . . . . . . . . . . . count
 *   reports   (taken)    [ values ][ values ]       [ moved ]
 *
 * The values of a report stay in the array in which they came: of numbers, a typed array.
 */

/** Stands for an outcome that is not there. */
export const none: unique symbol = Symbol('none');

/** Stands among values for an item that failed. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Values of items in a row; `undefined` takes the place of what was taken, so that nothing that was handed out is kept. */
export type Values = unknown[] | Int32Array | Float64Array;

interface Report {
  /** The first of the items, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Undefined: the items are tried again elsewhere. */
  readonly values: Values | undefined;
  /** Index of the first item's value. */
  readonly offset: number;
  /** Size of one outcome. */
  readonly bytes: number;
}

/** Outcomes that are taken together: `values[from]` is that of item `index`. */
export interface Stretch {
  readonly index: number;
  readonly values: Values;
  from: number;
  to: number;
}

export class ChunkOutcomes {
  /** Index in the map of item 0. */
  readonly firstIndex: number;
  /** The item after its last. */
  readonly count: number;
  /** The item whose outcome is taken next. */
  next: number;
  /** True while a list of those that have outcomes to take holds it. */
  isListed = false;
  /** Bytes of one of its items on the way to the workers. */
  itemBytes = 0;
  /** In the order of the items; the first one has, or will have, the next outcome. */
  readonly #reports: Report[] = [];

  /** @param from the first item that is its own */
  constructor(firstIndex: number, count: number, from: number = 0) {
    this.firstIndex = firstIndex;
    this.count = count;
    this.next = from;
  }

  /**
   * Adds outcomes of the items from `first` on: `values[from]` up to, and without, `values[to]`.
   *
   * @param bytes size of one outcome
   */
  put(first: number, values: Values, from: number = 0, to: number = values.length, bytes: number = 0): void {
    this.#insert({ first, end: first + to - from, values, offset: from, bytes });
  }

  /** Items that are tried again elsewhere. */
  move(first: number, end: number): void {
    this.#insert({ first, end, values: undefined, offset: 0, bytes: 0 });
  }

  get hasNext(): boolean {
    const report = this.#reports[0];
    return report !== undefined && report.first <= this.next;
  }

  /** Bytes of the next outcome. */
  get nextBytes(): number {
    return this.hasNext ? this.#reports[0]!.bytes : 0;
  }

  /** The next value in order, or its failure; `none` if it is not there. */
  take(): unknown {
    const report = this.#reports[0];
    if (report === undefined || report.first > this.next) return none;
    const { first, offset, end } = report;
    const values = report.values!;
    const at = this.next - first + offset;
    const value = values[at];
    if (Array.isArray(values)) values[at] = undefined;
    if (++this.next === end) this.#ended();
    return value;
  }

  /** The outcomes of a report that are left, up to `most`, if the next one is there. */
  takeStretch(most: number): Stretch | undefined {
    if (!this.hasNext) return undefined;
    const { first, offset, end, values } = this.#reports[0]!;
    const { next } = this;
    const from = next - first + offset;
    this.next = Math.min(end, next + most);
    if (this.next === end) this.#ended();
    return { index: this.firstIndex + next, values: values!, from, to: from + Math.min(end - next, most) };
  }

  #insert(report: Report): void {
    const reports = this.#reports;
    let at = reports.length;
    while (at > 0 && reports[at - 1]!.first > report.first) at--;
    reports.splice(at, 0, report);
    this.#skipMoved();
  }

  #ended(): void {
    this.#reports.shift();
    this.#skipMoved();
  }

  #skipMoved(): void {
    for (let report = this.#reports[0]; report?.values === undefined && report?.first === this.next; report = this.#reports[0]) {
      this.next = report.end;
      this.#reports.shift();
    }
  }
}
