/** What is known about a piece of work at one moment. Everything that shows progress reads only this record. */

export interface Progress {
  /** Items that are finished, the failed ones among them. */
  readonly done: number;
  /** Items that failed. */
  readonly failed: number;
  /** How many there will be; null while nobody knows. */
  readonly total: number | null;
  /** Milliseconds since the beginning. */
  readonly elapsed: number;
  /** Items a second, the last seconds counting most; 0 before the first item. */
  readonly rate: number;
  /** Milliseconds until the end at that rate; null where it cannot be told. */
  readonly eta: number | null;
}
