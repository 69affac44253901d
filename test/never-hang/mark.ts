/**
 * How a task tells, from whatever worker and whatever trouble it is about to be in, that it has come to the point: a line in a
 * file. The clock is the system's monotonic one, so that threads and processes can be compared.
 */

import { appendFileSync, readFileSync } from 'node:fs';

export interface Mark {
  readonly pid: number;
  /** Milliseconds of `now()`. */
  readonly at: number;
}

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * A function that strikes the mark. It goes to workers by value and needs no file of ours there: a thread that is ended while it imports
 * one leaves its descriptor open.
 */
export function striker(path: string): () => void {
  return () => appendFileSync(path, `${process.pid} ${Number(process.hrtime.bigint()) / 1e6}\n`);
}

export function readMarks(path: string): Mark[] {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return [];
  }
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter(Boolean).map((line) => {
    const [pid, at] = line.split(' ');
    return { pid: Number(pid), at: Number(at) };
  });
}
