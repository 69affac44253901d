/** Runs one built test file in a process of its own and judges what it did and what it left behind. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Counts, noCounts } from '../counts.ts';
import { noCertificates, run } from '../process.ts';
import { leakedFiles, leakedProcesses } from './leaks.ts';
import type { LogLine } from './log.ts';
import { withSourcePositions } from '../source-positions.ts';

interface Failure {
  /** The test's name, or '' for the file as a whole. */
  name: string;
  why: string;
}

export interface Verdict {
  counts: Counts;
  failures: Failure[];
  skips: { name: string; reason: string }[];
  ms: number;
  /** The output of the file. */
  output: string;
}

const REPORTER = new URL('./reporter.js', import.meta.url).href;
/** The environment of every test process. */
const OURS = {
  ...noCertificates,
  HEDDLE_TEST_DRIVER: String(process.pid),
  // a test that spawns `node` gets the Node under test
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
  NODE_TEST_CONTEXT: undefined,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

/** In milliseconds. */
export interface Limits {
  /** For the whole file. */
  total: number;
  /** For the process to end by itself after its last test. */
  afterLastTest: number;
  /** For its children to end after it. */
  afterExit: number;
}

/** The descriptors of a test process that did nothing: more than these is a leak. They differ between Nodes. */
let baseline: Promise<Record<string, number>> | undefined;

async function measureBaseline(): Promise<Record<string, number>> {
  const home = mkdtempSync(join(tmpdir(), 'heddle-bare-'));
  const [file, logFile] = [join(home, 'bare.test.mjs'), join(home, 'log')];
  try {
    writeFileSync(file, `import test from 'node:test'; test('nothing', () => {});`);
    await run(process.execPath, [`--test-reporter=${REPORTER}`, file], {
      timeout: 60_000,
      env: { ...OURS, HEDDLE_TEST_BARE: undefined, HEDDLE_TEST_LOG: logFile, HEDDLE_TEST_PATIENCE: '60000' },
    });
    const done = readLog(logFile).find((line) => line.type === 'done');
    if (done === undefined) throw new Error('a bare test file does not run');
    return done.descriptors;
  } finally {
    rmSync(home, { recursive: true });
  }
}

function leakedDescriptors(open: Record<string, number>, bare: Record<string, number>): string[] {
  return Object.entries(open).flatMap(([kind, count]) => {
    const left = count - (bare[kind] ?? 0);
    return left > 0 ? [`${left} × ${kind}`] : [];
  });
}

export async function runFile(path: string, limits: Limits): Promise<Verdict> {
  const home = mkdtempSync(join(tmpdir(), 'heddle-test-'));
  const scratch = mkdtempSync(join(home, 'tmp-'));
  const logFile = join(home, 'log');
  const id = home.slice(home.lastIndexOf('-') + 1);
  const failures: Failure[] = [];
  try {
    // Tests in a folder named `model` choose the order of steps themselves (`src/testing/model`).
    const conditions = /\/build\/test\/(?:.*\/)?model\//.test(path) ? ['--conditions=model'] : [];
    const bare = await (baseline ??= measureBaseline());
    const outcome = await run(process.execPath, [...conditions, `--test-reporter=${REPORTER}`, path], {
      timeout: limits.total,
      env: {
        ...OURS,
        HEDDLE_TEST_PATIENCE: String(limits.afterLastTest),
        HEDDLE_TEST_BARE: JSON.stringify(bare),
        HEDDLE_TEST_ID: id,
        HEDDLE_TEST_LOG: logFile,
        TMPDIR: scratch,
      },
      afterExit: async (pid) => {
        for (const { command } of await leakedProcesses(id, pid, limits.afterExit)) {
          failures.push({ name: '', why: `left a process behind: ${command.slice(0, 300)}` });
        }
      },
    });
    const lines = readLog(logFile);
    const verdict: Verdict = { counts: noCounts(), failures, skips: [], ms: outcome.ms, output: withSourcePositions(outcome.output) };
    judgeTests(lines, verdict);
    const stuck = lines.find((line) => line.type === 'stuck');
    const done = lines.find((line) => line.type === 'done');
    if (stuck)
      failures.push({
        name: '',
        why: `still alive ${limits.afterLastTest / 1000} s after its last test, kept by ${stuck.resources.join(', ')}`,
      });
    else if (outcome.timedOut)
      failures.push({ name: '', why: `ran over ${limits.total / 1000} s and was killed, in: ${unfinished(lines)}` });
    else if (!done) failures.push({ name: '', why: `ended early (exit code ${outcome.code ?? outcome.signal}), in: ${unfinished(lines)}` });
    else if (outcome.code !== 0 && verdict.counts.failed === 0)
      failures.push({ name: '', why: `exit code ${outcome.code ?? outcome.signal}` });
    else if (verdict.counts.passed + failures.length + verdict.counts.skipped === 0) failures.push({ name: '', why: 'holds no test' });
    const descriptors = done ? leakedDescriptors(done.descriptors, bare) : [];
    if (descriptors.length > 0) failures.push({ name: '', why: `left descriptors open: ${descriptors.join(', ')}` });
    const files = leakedFiles(scratch);
    if (files.length > 0) failures.push({ name: '', why: `left files in its temporary directory: ${files.join(', ')}` });
    verdict.counts.failed = failures.length;
    return verdict;
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function judgeTests(lines: readonly LogLine[], { counts, failures, skips }: Verdict): void {
  for (const line of lines) {
    if (line.type === 'pass') counts.passed++;
    if (line.type === 'fail') {
      counts.failed++;
      failures.push({ name: line.name, why: withSourcePositions(line.error) });
    }
    if (line.type === 'skip' && line.reason === '') failures.push({ name: line.name, why: 'skipped without a reason' });
    else if (line.type === 'skip') {
      counts.skipped++;
      skips.push({ name: line.name, reason: line.reason });
    }
  }
}

function readLog(path: string): LogLine[] {
  try {
    const text = readFileSync(path, 'utf8');
    // A killed process may have left half a line.
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  } catch {
    return [];
  }
}

function unfinished(lines: readonly LogLine[]): string {
  const names: string[] = [];
  for (const line of lines) {
    if (line.type === 'begin') names.push(line.name);
    if (line.type === 'end') names.splice(names.lastIndexOf(line.name), 1);
  }
  return names.length === 0 ? 'no test' : names.join(' > ');
}
