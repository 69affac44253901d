/** Makes tests of a group of rows. */

import { test } from 'node:test';
import { groups } from './rows.ts';
import { kinds } from './table.ts';
import { type Waiter, waiters } from './waiters.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;

/** The long suite tries every cell, as `npm run never-hang` does; the other some cells of each row and kind, so that each column has its turn. */
function columns(row: number, kind: number, count: number): readonly Waiter[] {
  if (isLong) return waiters;
  const first = row + kind * (waiters.length >> 1);
  return Array.from({ length: count }, (_, i) => waiters[(first + 3 * i) % waiters.length]!);
}

/** @param count of columns for each row and kind, in the short suite */
export function tryGroup(name: string, count: number): void {
  for (const [number, row] of groups[name]!.entries()) {
    for (const [k, kind] of kinds.entries()) {
      if (row.notFor?.[kind] !== undefined) continue;
      for (const waiter of columns(number, k, count)) {
        test(`${kind}: ${row.name}: a waiter (${waiter.name}) is told the right thing, in time`, async () => {
          await row.run(kind, waiter);
        });
      }
    }
  }
}
