/**
 * Runs rows of the table, as arguments name them, and writes a line of JSON for each cell: for `npm run never-hang`, which
 * runs several of these and survives what hangs them.
 *
 *     node cells.js --list            the names of groups, rows and waiters
 *     node cells.js exits:3 starts:0  these rows, by group and number
 */

import { Hung } from './fate.ts';
import { groups } from './rows.ts';
import { kinds } from './table.ts';
import { waiters } from './waiters.ts';

const say = (line: object): void => console.log(JSON.stringify(line));

async function runRow(name: string): Promise<void> {
  const [group, number] = name.split(':');
  const row = groups[group!]![Number(number)]!;
  for (const kind of kinds) {
    for (const { name: column, ...waiter } of waiters) {
      const cell = { row: name, kind, waiter: column };
      const reason = row.notFor?.[kind];
      if (reason !== undefined) {
        say({ ...cell, reason });
        continue;
      }
      say({ ...cell, begins: true });
      try {
        say({ ...cell, ms: await row.run(kind, { name: column, ...waiter }) });
      } catch (error) {
        say({ ...cell, hung: error instanceof Hung, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    }
  }
}

const names = process.argv.slice(2);
if (names[0] === '--list') {
  const rows = Object.entries(groups).flatMap(([group, list]) => list.map(({ name }, i) => ({ id: `${group}:${i}`, name })));
  say({ rows, waiters: waiters.map(({ name }) => name), kinds });
} else for (const name of names) await runRow(name);
