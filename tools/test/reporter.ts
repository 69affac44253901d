/**
 * A node:test reporter that runs inside the test process (`node --test-reporter=… file`). It writes what happens to the
 * driver's log, counts the descriptors that are open in the end, and ends a process that does not end by itself,
 * naming what keeps it alive.
 */

import { appendFileSync, readdirSync, readlinkSync } from 'node:fs';
import { inspect } from 'node:util';
import type { LogLine } from './log.ts';

interface TestEvent {
  type: string;
  data: {
    name: string;
    nesting: number;
    skip?: string | boolean;
    todo?: string | boolean;
    details?: { type?: string; duration_ms?: number; error?: { cause?: unknown; failureType?: string } };
  };
}

/** How long the process may live on after its last test, in milliseconds. */
const patience = Number(process.env['HEDDLE_TEST_PATIENCE']);
const file = process.env['HEDDLE_TEST_LOG'];
/** A child of a test inherits the flags and the environment; only the test process itself may write. */
const mine = file !== undefined && process.ppid === Number(process.env['HEDDLE_TEST_DRIVER']);

function log(line: LogLine): void {
  if (mine) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** What is used of `src/memory`. */
interface MemoryDoor {
  readonly me: number;
  readonly slotFields: { readonly bellInode: number };
  slotOf(id: number): number;
  theAgent(): { readonly memory: { segment(number: number): Int32Array } };
}

/**
 * What heddle keeps open on purpose: the file of the shared heap (which grows, and goes to every child), and both ends of this thread's
 * doorbell (others may ring it at any time).
 */
async function keptByHeddle(): Promise<Map<string, number>> {
  const door = '#dist/memory/index.js';
  const { me, slotFields, slotOf, theAgent } = (await import(door)) as MemoryDoor;
  const kept = new Map([['/memfd:heddle (deleted)', 1]]);
  if (me === 0) return kept;
  const words = theAgent().memory.segment(0);
  const [low, high] = [0, 1].map((half) => words[slotOf(me) + slotFields.bellInode + half]! >>> 0);
  return kept.set(`pipe:[${low! + high! * 2 ** 32}]`, 2);
}

/** Open descriptors by what they are, such as `pipe`, `anon_inode:[eventfd]` or a path. */
async function descriptors(): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {};
  const kept = await keptByHeddle();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const name = readlinkSync(`/proc/self/fd/${fd}`);
      const left = kept.get(name) ?? 0;
      if (left > 0) {
        kept.set(name, left - 1);
        continue;
      }
      const kind = name.replace(/:\[\d+\]$/, '');
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    } catch {
      // the descriptor that read the directory
    }
  }
  return kinds;
}

function lineOf(event: TestEvent, name: string): LogLine | undefined {
  const { skip, todo, details } = event.data;
  if (details?.type === 'suite' && event.type === 'test:pass') return undefined;
  const ms = details?.duration_ms ?? 0;
  const why = skip ?? todo;
  if (why !== undefined && why !== false) return { type: 'skip', name, reason: typeof why === 'string' ? why : '' };
  if (event.type === 'test:pass') return { type: 'pass', name, ms };
  if (details?.error?.failureType === 'subtestsFailed') return undefined; // the subtest itself is counted
  return { type: 'fail', name, ms, error: inspect(details?.error?.cause ?? details?.error) };
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  /** Tests at the top level that have not ended; those inside are not all announced before they end. */
  let unfinished = 0;
  let timer: NodeJS.Timeout | undefined;
  for await (const event of source) {
    const { name, nesting } = event.data;
    switch (event.type) {
      case 'test:enqueue':
        if (nesting === 0) unfinished++;
        break;
      case 'test:dequeue':
        log({ type: 'begin', name });
        break;
      case 'test:complete':
        if (nesting === 0) unfinished--;
        log({ type: 'end', name });
        break;
      case 'test:start':
        path.length = nesting;
        path.push(name);
        break;
      case 'test:pass':
      case 'test:fail': {
        const line = lineOf(event, [...path.slice(0, nesting), name].join(' > '));
        if (line !== undefined) log(line);
        break;
      }
    }
    clearTimeout(timer);
    timer = unfinished > 0 || !mine ? undefined : setTimeout(giveUp, patience).unref();
  }
  clearTimeout(timer);
  log({ type: 'done', descriptors: mine ? await descriptors() : {} });
  yield '';
}

function giveUp(): void {
  log({ type: 'stuck', resources: process.getActiveResourcesInfo() });
  process.kill(process.pid, 'SIGKILL');
}
