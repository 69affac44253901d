/** Shows the table as text. */

import type { CellLine, Names } from './main.ts';

type Find = (row: string, kind: string, waiter: string) => CellLine | undefined;

/** Returns how many cells have failed. */
export function print({ rows, waiters, kinds }: Names, find: Find): number {
  const notes: string[] = [];
  const failures: string[] = [];
  let slowest = { ms: 0, where: '' };
  let count = 0;

  const textOf = (cell: CellLine | undefined, where: string): string => {
    count++;
    if (cell?.ms !== undefined) {
      if (cell.ms > slowest.ms) slowest = { ms: cell.ms, where };
      return String(Math.round(cell.ms));
    }
    if (cell?.reason !== undefined) {
      if (!notes.includes(cell.reason)) notes.push(cell.reason);
      return `(${notes.indexOf(cell.reason) + 1})`;
    }
    failures.push(`${where}: ${cell?.error ?? 'it was not tried'}`);
    return cell?.hung === false ? 'FAILED' : 'HUNG';
  };

  for (const kind of kinds) {
    const table = [[`${kind}: ms`, ...waiters]];
    for (const { id, name } of rows)
      table.push([name, ...waiters.map((waiter) => textOf(find(id, kind, waiter), `${kind}: ${name}: ${waiter}`))]);
    const widths = table[0]!.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
    for (const line of table)
      console.log(line.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  '));
    console.log();
  }
  for (const [i, note] of notes.entries()) console.log(`(${i + 1}) ${note}`);
  for (const failure of failures) console.log(`\nFAILED ${failure.split('\n').slice(0, 8).join('\n')}`);
  console.log(`\n${count} cells, ${failures.length} failed; the slowest: ${Math.round(slowest.ms)} ms, ${slowest.where}`);
  return failures.length;
}
