/** Starts one shipping program and reads the outcome of its cases. */

import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';

export interface Outcome {
  readonly kind: string;
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
}

export interface Run {
  readonly outcomes: Outcome[];
  /** The program said that it is through. */
  readonly done: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** The input of stdin; it is closed behind it, or only when this text has been printed. */
  readonly input?: string;
  readonly until?: string;
}

/** A program that has not ended by then is ended, in milliseconds. */
const LIMIT = 60_000;

export async function runNode(args: readonly string[], options: Start): Promise<Run> {
  const env = { ...process.env, ...options.env };
  // Set by the test runner for its own children; a program under test is not one.
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, args, { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  const { input = '', until } = options;
  if (until === undefined) child.stdin.end(input);
  else {
    child.stdin.write(input);
    child.stdout.on('data', () => stdout.includes(until) && child.stdin.end());
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('@@'))
    .map((line) => JSON.parse(line.slice(2)) as Outcome & { done?: boolean });
  return {
    outcomes: lines.filter((line) => line.done !== true),
    done: lines.some((line) => line.done === true),
    code,
    signal,
    stdout,
    stderr,
  };
}

/** Warnings that Node itself gives for what these programs are, heddle or not. */
const usual = [
  /Type Stripping is an experimental/,
  /Importing JSON modules/,
  /is loading ES Module .* using require|Support for loading ES Module in require/s,
  /--trace-warnings/,
  /Permission is an experimental/,
  /The flag --allow-\S+ must be used with extreme caution/,
];

/** Turns a run into subtests: one for each case, and one for its end. */
export async function report(t: TestContext, run: Run): Promise<void> {
  for (const { kind, name, ok, error } of run.outcomes) {
    await t.test(`to a ${kind}: ${name}`, () => {
      if (!ok) throw new Error(error);
    });
  }
  await t.test('the program ends by itself, and quietly', () => {
    const end = `exit code ${run.code}, signal ${run.signal}, ${run.outcomes.length} cases seen\n${run.stderr}`;
    assert.ok(run.done, `ended before its last case: ${end}`);
    assert.deepEqual([run.code, run.signal], [0, null], end);
    const loud = run.stderr.split('\n').filter((line) => line.trim() !== '' && !usual.some((pattern) => pattern.test(line)));
    assert.deepEqual(loud, []);
  });
}
