/** Trees of processes: whatever ends one of them, no process below it is left. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { until } from '../pool/collect.ts';

/** True for a process that runs; a zombie has ended. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2]!);
  } catch {
    return false;
  }
}

/**
 * A program whose child has a child. Each prints its level and number; one ends in its way when it reads a line. The children of one that returns are
 * daemons, which have none: it would wait for others.
 */
const program = `
import { currentProcess, Process } from 'heddle';
const [, turn, way, depth] = process.argv;
// A child with a signal has a link to its parent.
const signal = turn === '2' ? new AbortController().signal : undefined;
const live = (level) => {
  console.log(level + ' ' + process.pid);
  const end = {
    return: () => process.stdin.destroy(),
    exit: () => process.exit(5),
    error: () => { throw new Error('uncaught'); },
    SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
    SIGKILL: () => process.kill(process.pid, 'SIGKILL'),
  }[way];
  if (level < depth) new Process({ target: live, args: [level + 1, signal], daemon: way === 'return' && level === Number(turn) }).start();
  // All are there when the first of them ends.
  if (level === Number(turn)) process.stdin.once('data', end);
  else if (level === Number(depth)) setInterval(() => {}, 1000);
  if (level !== Number(turn)) process.stdin.destroy();
};
live(1);
`;

for (const turn of [1, 2, 3]) {
  for (const way of ['return', 'exit', 'error', 'SIGTERM', 'SIGKILL']) {
    test(`level ${turn} of a tree ends by ${way}, and no process below it is left`, async () => {
      const depth = way === 'return' && turn === 1 ? 2 : 3;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', String(turn), way, String(depth)], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const pids: number[] = [];
      for await (const line of createInterface(child.stdout)) {
        const [level, pid] = line.split(' ').map(Number);
        pids[level!] = pid!;
        if (level === depth) break;
      }
      assert.equal(pids.length, depth + 1);
      child.stdin.write('now\n');
      // The processes below end with the one that ends; those above wait for their children, and end after them.
      await once(child, 'exit');
      await until(() => pids.every((pid) => !isRunning(pid)));
    });
  }
}

/** Runs a program, which prints `count` process numbers, tells it to go on, and waits until all of them are gone. */
async function endsWhole(code: string, args: readonly string[], count: number): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, '--', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const pids: number[] = [child.pid!];
  for await (const line of createInterface(child.stdout)) if (pids.push(Number(line)) === count + 1) break;
  assert.equal(new Set(pids).size, count + 1);
  assert.ok(pids.every(isRunning));
  child.stdin.write('now\n');
  await once(child, 'exit');
  await until(() => pids.every((pid) => !isRunning(pid)));
}

const ways = `
const end = {
  return: () => process.stdin.destroy(),
  exit: () => process.exit(5),
  error: () => { throw new Error('uncaught'); },
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  SIGKILL: () => process.kill(process.pid, 'SIGKILL'),
};
const forever = () => new Promise(() => setInterval(() => {}, 1000));
`;

/** A process, a thread in it, and a process that the thread has started. One that returns has daemons only, for which it does not wait. */
const withThread = `
import { Event, Process, Thread } from 'heddle';
${ways}
const [, turn, way] = process.argv;
const daemon = way === 'return';
const leaf = () => { console.log(process.pid); process.stdin.destroy(); return forever(); };
const middle = async (go) => {
  new Process({ target: leaf, daemon }).start();
  await go.wait();
  if (way !== 'return') end[way]();
};
const go = new Event();
const thread = new Thread({ target: middle, args: [go], daemon: daemon && turn === 'process' }).start();
process.stdin.once('data', () => {
  if (turn === 'process') return end[way]();
  process.stdin.destroy();
  if (way === 'terminate') thread.terminate();
  else go.set();
});
`;

for (const [turn, ends] of [
  ['process', ['return', 'exit', 'error', 'SIGTERM', 'SIGKILL']],
  ['thread', ['return', 'exit', 'error', 'terminate', 'SIGTERM', 'SIGKILL']],
] as const) {
  for (const way of ends) {
    test(`a ${turn} ends by ${way}, and no process of its thread is left`, () => endsWhole(withThread, [turn, way], 1));
  }
}

/** A process whose child has a pool of processes: all workers are busy, or idle in one that returns. */
const withPool = `
import { Process, ProcessPoolExecutor } from 'heddle';
${ways}
const [, way] = process.argv;
const middle = async () => {
  console.log(process.pid);
  const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  await pool.broadcast(() => console.log(process.pid));
  if (way !== 'return') for (const _ of [1, 2]) pool.submit(forever).catch(() => {});
  process.stdin.once('data', end[way]);
};
new Process({ target: middle }).start();
process.stdin.destroy();
`;

for (const way of ['return', 'exit', 'error', 'SIGTERM', 'SIGKILL']) {
  test(`a process with a pool ends by ${way}, and no worker of the pool is left`, () => endsWhole(withPool, [way], 3));
}
