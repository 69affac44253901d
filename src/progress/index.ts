/** How far a piece of work is, how fast it goes and when it will end; and three ways to show it. */

/** The record that everything here speaks of. */
export type { Progress } from './progress.ts';
/** Counts items and makes that record. */
export { Tracker } from './tracker.ts';
/** The weighted speed behind it. */
export { Rate } from './rate.ts';
/** Progress as text, without a terminal. */
export { renderBar, renderLogLine } from './bar.ts';
/** Numbers as people read them. */
export { countText, durationText, percentText, rateText } from './text.ts';
