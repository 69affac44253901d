/** What the thread that is watched and its watchdog share. */

/** What the watchdog's thread is given at its start. */
export interface WatchdogData {
  readonly board: Int32Array;
  /** In milliseconds: between beats; of silence until it looks; of silence until it says so. */
  readonly period: number;
  readonly limit: number;
  readonly patience: number;
  /** What to evaluate in the thread that is paused. */
  readonly expression: string;
}

/** Words of the board. This one is a count. */
export const BEATS = 0;
/** 1 while somebody may be debugging: then a pause is theirs. */
export const IS_DEBUGGED = 1;
