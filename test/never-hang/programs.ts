/** Programs that end in mid-work, or drop their pool: rows of the table. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withMark } from './cell.ts';
import { until, within } from './fate.ts';
import type { Part } from './host.ts';
import { now } from './mark.ts';
import type { Row } from './table.ts';

const program = fileURLToPath(new URL('./host.js', import.meta.url));
let programs = 0;

interface Host {
  readonly child: ChildProcess;
  /** The output. */
  output: string;
  errors: string;
  readonly ended: Promise<{ code: number | null; signal: string | null; at: number }>;
  /** Living processes of it. */
  left(): number[];
}

function startHost(part: Part): Host {
  const id = `${process.pid}-${++programs}`;
  const child = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(part)], {
    env: { ...process.env, HEDDLE_CELL: id },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, at: now() }));
  const host: Host = { child, output: '', errors: '', ended, left: () => processesOf(id) };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (host.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (host.errors += text));
  return host;
}

function processesOf(id: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!(pid > 0)) return false;
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`HEDDLE_CELL=${id}\0`)) return false;
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return !['Z', 'X'].includes(stat[stat.lastIndexOf(')') + 2]!);
      } catch {
        return false; // it ended during the look, or belongs to another user
      }
    });
}

interface Story {
  readonly name: string;
  readonly victim: Part['victim'];
  readonly act: Part['act'];
  /** The required exit code or signal of the host. */
  readonly end: number | NodeJS.Signals;
  /** The program itself says how long it took, or when it began to end. */
  readonly says: 'ms' | 'when' | 'nothing';
}

const stories: readonly Story[] = [
  { name: 'host exits, tasks loop', victim: 'loops', act: 'exit', end: 7, says: 'when' },
  { name: 'host exits, tasks wait', victim: 'waits', act: 'exit', end: 7, says: 'when' },
  { name: 'host has an uncaught error', victim: 'loops', act: 'throw', end: 1, says: 'when' },
  { name: 'host is killed, tasks loop', victim: 'loops', act: 'stay', end: 'SIGKILL', says: 'nothing' },
  { name: 'host is killed, tasks wait', victim: 'waits', act: 'stay', end: 'SIGKILL', says: 'nothing' },
  { name: 'pool dropped, host goes on', victim: 'ends soon', act: 'drop', end: 0, says: 'ms' },
  { name: 'pool dropped, host ends', victim: 'ends soon', act: 'end', end: 0, says: 'when' },
];

async function tell({ victim, act, end, says }: Story, part: Pick<Part, 'kind' | 'waiter' | 'mark'>): Promise<number> {
  const host = startHost({ ...part, victim, act });
  try {
    let since = 0;
    if (act === 'stay') {
      await until(() => host.output !== '' || host.child.exitCode !== null, 'a host at work');
      since = now();
      host.child.kill('SIGKILL');
    }
    const { code, signal, at } = await within(host.ended, 'the end of the host');
    assert.deepEqual(code ?? signal, end, host.errors);
    await until(() => host.left().length === 0, 'the end of the workers');
    if (says === 'ms') return Number(host.output);
    // To the last sign of life that was seen: the host's, or that of the workers it left.
    return Math.max(at, act === 'stay' ? now() : 0) - (says === 'when' ? Number(host.output) : since);
  } finally {
    for (const pid of host.left()) process.kill(pid, 'SIGKILL');
  }
}

export const hostRows: readonly Row[] = stories.map((story) => ({
  name: story.name,
  run: (kind, waiter) => withMark((mark) => tell(story, { kind, waiter: waiter.name, mark })),
}));
