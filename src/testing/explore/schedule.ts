/**
 * A schedule as text. Of the moments with a choice, it lists those at which not the first in line went on. `3:1 7:2` means "in the third
 * such moment the second in line, in the seventh the third in line". `3-5:1` are three moments. The empty text is the loop's own order.
 */

import { expected } from '../../check.ts';
import { TypeError } from '../../refusals.ts';

/** Of how many in line which one went on. Moments without a choice are left out. */
export interface Choice {
  readonly picked: number;
  readonly count: number;
}

export function formatSchedule(choices: readonly Choice[]): string {
  const parts: string[] = [];
  for (let i = 0; i < choices.length; i += 1) {
    const { picked } = choices[i]!;
    if (picked === 0) continue;
    const first = i + 1;
    while (choices[i + 1]?.picked === picked) i += 1;
    parts.push(first === i + 1 ? `${first}:${picked}` : `${first}-${i + 1}:${picked}`);
  }
  return parts.join(' ');
}

/** Which one in line goes on, in each moment. */
export function parseSchedule(text: string): number[] {
  const picks: number[] = [];
  for (const part of text.split(' ').filter((one) => one !== '')) {
    const [, first, last = first, pick] = /^([1-9]\d{0,6})(?:-(\d{1,7}))?:(\d{1,7})$/.exec(part) ?? [];
    if (first === undefined || Number(first) <= picks.length || Number(last) < Number(first))
      throw new TypeError(expected('schedule', "text such as '3:1 7-9:2'", text));
    while (picks.length < Number(first) - 1) picks.push(0);
    while (picks.length < Number(last)) picks.push(Number(pick));
  }
  return picks;
}
