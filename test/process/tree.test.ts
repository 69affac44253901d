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
// What is given a signal has a link to its parent.
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
