// The programs of the children.
import { readFileSync, writeFileSync } from 'node:fs';

export function nothing() {}

/** Writes when it runs: nanoseconds of the monotonic clock, which all processes of a machine share. */
export function stamp(file) {
  const now = process.hrtime.bigint();
  writeFileSync(file, String(now));
}

/** Lives until it is told to end: by a file that is gone. */
export async function idle(file) {
  writeFileSync(`${file}.ready`, '');
  while (exists(file)) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** A client that wants one of the tickets in the database. */
export function buy(lock, database) {
  return lock.run(() => {
    const { tickets, sold } = JSON.parse(readFileSync(database, 'utf8'));
    if (tickets > 0) writeFileSync(database, JSON.stringify({ tickets: tickets - 1, sold: sold + 1 }));
  });
}

function exists(file) {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
