/**
 * Progress as one line of text, never wider than the terminal. Pure: the same progress and width give the same line.
 *
 *     hashing  ━━━━━━━━━━━━━━━━╸─────────────   54 %  1,234/2,285  812/s  0:01 left  3 failed
 *     hashing  1,234 done  812/s  0:05  3 failed                        (the total is unknown)
 *
 * A narrow terminal loses what matters least first: the bar gets shorter, then goes; then the rate, the time, the
 * label, the per cent. The count stays, and the failures stay beside it as long as they fit.
 */

import type { Progress } from './progress.ts';
import { countText, durationText, percentText, rateText } from './text.ts';

export interface BarOptions {
  /** Columns of the terminal. */
  width: number;
  /** Shown at the left. */
  label?: string | undefined;
  /** False: only characters that every terminal has. Default true. */
  unicode?: boolean | undefined;
}

const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;

interface Part {
  text: string;
  /** The part with the lowest worth goes first. */
  worth: number;
}

export function renderBar(progress: Progress, options: BarOptions): string {
  const parts = partsOf(progress, options.label ?? '');
  const lengthOf = (list: readonly Part[]): number => list.reduce((sum, { text }) => sum + text.length, 2 * Math.max(0, list.length - 1));
  while (parts.length > 1 && lengthOf(parts) > options.width) {
    const least = parts.reduce((a, b) => (b.worth < a.worth ? b : a));
    parts.splice(parts.indexOf(least), 1);
  }
  const room = Math.min(LONGEST_BAR, options.width - lengthOf(parts) - 2);
  if (progress.total !== null && room >= SHORTEST_BAR) {
    const bar = drawBar(progress.total === 0 ? 1 : progress.done / progress.total, room, options.unicode ?? true);
    parts.splice(parts.findIndex(({ worth }) => worth === Worth.label) + 1, 0, { text: bar, worth: 0 });
  }
  return parts
    .map(({ text }) => text)
    .join('  ')
    .slice(0, Math.max(0, options.width));
}

const Worth = { rate: 1, time: 2, label: 3, percent: 4, failed: 5, count: 6 } as const;

function partsOf({ done, total, failed, rate, eta, elapsed }: Progress, label: string): Part[] {
  const parts: Part[] = [];
  const add = (text: string, worth: number): void => void parts.push({ text, worth });
  if (label !== '') add(label, Worth.label);
  if (total !== null) add(percentText(done, total).padStart(5), Worth.percent);
  add(total === null ? `${countText(done)} done` : `${countText(done)}/${countText(total)}`, Worth.count);
  add(rateText(rate), Worth.rate);
  if (total === null || done === total) add(durationText(elapsed), Worth.time);
  else if (eta !== null) add(`${durationText(eta)} left`, Worth.time);
  if (failed > 0) add(`${countText(failed)} failed`, Worth.failed);
  return parts;
}

/** In half steps with Unicode, else in whole ones. Full only when all is done. */
function drawBar(fraction: number, width: number, unicode: boolean): string {
  const part = Math.min(1, Math.max(0, fraction));
  if (!unicode) {
    const full = Math.floor(part * (width - 2));
    return `[${'#'.repeat(full)}${'.'.repeat(width - 2 - full)}]`;
  }
  const halves = Math.floor(part * width * 2);
  const full = Math.floor(halves / 2);
  const half = halves % 2 === 1 ? '╸' : '';
  return '━'.repeat(full) + half + '─'.repeat(width - full - half.length);
}

/** The same as a sentence for a log file: `1,234 of 2,285 (54 %), 812/s, 0:01 left, 3 failed`. */
export function renderLogLine({ done, total, failed, rate, eta, elapsed }: Progress): string {
  const parts = [
    total === null ? `${countText(done)} done` : `${countText(done)} of ${countText(total)} (${percentText(done, total)})`,
    rateText(rate),
  ];
  if (total !== null && done < total && eta !== null) parts.push(`${durationText(eta)} left`);
  else parts.push(durationText(elapsed));
  if (failed > 0) parts.push(`${countText(failed)} failed`);
  return parts.join(', ');
}
