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

/** The two heddles that a test may have loaded: what is published, and the modules that are not bundled. */
const heddles = ['heddle/lowlevel', '#src/lowlevel/index.js'];
/** The descriptors of a test process that did nothing, by kind; null in that process. */
const bare = JSON.parse(process.env['HEDDLE_TEST_BARE'] ?? 'null') as Record<string, number> | null;

/** The open descriptors, such as `pipe:[1234]` or a path. */
function openNow(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the descriptor that read the directory
    }
  });
}

function byKind(names: readonly string[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const name of names) {
    const kind = name.replace(/:\[\d+\]$/, '');
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

/** True while there are more pipes or memory files than in a bare process: heddle keeps some of these open on purpose. */
function mayBeKept(open: readonly string[]): boolean {
  if (bare === null) return false;
  return Object.entries(byKind(open)).some(([kind, count]) => /^(pipe$|\/memfd:)/.test(kind) && count > (bare[kind] ?? 0));
}

/** Open descriptors by what they are, such as `pipe`, `anon_inode:[eventfd]` or a path, without those that heddle keeps open on purpose. */
async function descriptors(): Promise<Record<string, number>> {
  const open = openNow();
  /** One file of a shared heap is allowed, whichever heddle it is of. */
  const kept = new Set<string>();
  for (const heddle of heddles) {
    // loading a heddle that the test did not load takes up to 0.2 s
    if (!mayBeKept(open)) break;
    const { keptDescriptors } = (await import(heddle)) as { keptDescriptors(): readonly string[] };
    const names = keptDescriptors().filter((name) => !kept.has(name));
    for (const name of names) {
      kept.add(name);
      if (open.includes(name)) open.splice(open.indexOf(name), 1);
    }
  }
  return byKind(open);
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
