/** The state of a piece of work at one moment. Every display of progress reads only this record. */

export interface Progress {
  /** Items that are finished, the failed ones among them. */
  readonly done: number;
  /** Items that failed. */
  readonly failed: number;
  /** The number of items in all; null while it is unknown. */
  readonly total: number | null;
  /** Milliseconds since the beginning. */
  readonly elapsed: number;
  /** Items a second, the last seconds counting most; 0 before the first item. */
  readonly rate: number;
  /** Milliseconds until the end at that rate; null where it cannot be told. */
  readonly eta: number | null;
}
