/**
 * `npm run never-hang`: the table "ways to die × waiters × kinds" (test/never-hang/), with the milliseconds from each event until the last
 * waiter was told. Exits with 1 if a cell failed.
 *
 *     npm run never-hang                    all
 *     npm run never-hang -- exits SIGSTOP   the rows in whose group or name one of these words is
 *     HEDDLE_CELL_JOBS=3                    rows at once
 *
 * Rows run in processes of their own: one that hangs for good, or dies, is a failure of its cell, and the rest goes on.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from '../places.ts';
import { print } from './print.ts';

export interface CellLine {
  readonly row: string;
  readonly kind: string;
  readonly waiter: string;
  /** How long it took. */
  readonly ms?: number;
  /** Why there is nothing to try. */
  readonly reason?: string;
  readonly error?: string;
  readonly hung?: boolean;
  /** Marks a test that has begun. */
  readonly begins?: true;
}

export interface Names {
  readonly rows: readonly { readonly id: string; readonly name: string }[];
  readonly waiters: readonly string[];
  readonly kinds: readonly string[];
}

const program = `${ROOT}build/test/never-hang/cells.js`;
/** Cells have a watchdog of their own; this one is for a cell that blocks it. */
const patience = 60_000;

/** Runs the program and hands on its lines. Returns what it printed on standard error, and how it ended. */
async function follow(args: readonly string[], onLine: (line: unknown) => void): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), patience);
  };
  watch();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-10_000)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    watch();
    onLine(JSON.parse(line));
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(`${errors}\nended with ${code ?? signal}`);
    });
  });
}

let names: Names | undefined;
await follow(['--list'], (line) => (names = line as Names));
if (names === undefined) throw new Error('the table cannot be listed: is it built?');

const words = process.argv.slice(2);
const rows = names.rows.filter(({ id, name }) => words.length === 0 || words.some((word) => id.includes(word) || name.includes(word)));
const cells = new Map<string, CellLine>();
const key = ({ row, kind, waiter }: CellLine): string => [row, kind, waiter].join();
const queue = [...rows];

async function lane(): Promise<void> {
  for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
    let last: CellLine | undefined;
    const end = await follow([row.id], (line) => {
      last = line as CellLine;
      cells.set(key(last), last);
    });
    if (last?.begins === true) cells.set(key(last), { ...last, hung: true, error: `its program ended, or was ended:\n${end}` });
    if (process.stderr.isTTY) process.stderr.write(`\r${rows.length - queue.length} of ${rows.length} rows `);
  }
}

await Promise.all(Array.from({ length: Number(process.env['HEDDLE_CELL_JOBS'] ?? 2) }, lane));
const failed = print({ ...names, rows }, (row, kind, waiter) => cells.get([row, kind, waiter].join()));
process.exitCode = failed > 0 || rows.length === 0 ? 1 : 0;
