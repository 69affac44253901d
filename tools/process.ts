/**
 * Runs a command in a process group of its own, so that a time limit ends all of it, and so does an interrupted driver.
 */

import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export interface RunOptions {
  cwd?: string;
  /** Added to the environment; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Milliseconds after which the whole group is killed. */
  timeout: number;
  /** Called when the command has ended, before what is left of its group is killed. */
  afterExit?: (pid: number) => Promise<void>;
}

export interface Outcome {
  /** Exit code; null where a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  stdout: string;
  /** Both streams, as they came. */
  output: string;
  ms: number;
}

/** For `env`: reading certificates takes 30 ms of each start of Node; only npm opens a TLS connection here. */
export const noCertificates: Readonly<Record<string, undefined>> = { NODE_EXTRA_CA_CERTS: undefined };

const groups = new Set<number>();

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // no process is left in it
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const pid of groups) killGroup(pid);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  const start = performance.now();
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  const outcome: Outcome = { code: null, signal: null, timedOut: false, stdout: '', output: '', ms: 0 };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
    outcome.output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    outcome.output += text;
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (pid === undefined) {
    const error = await new Promise<Error>((resolve) => child.once('error', resolve));
    return { ...outcome, code: 127, output: String(error) };
  }
  groups.add(pid);
  const limit = setTimeout(() => {
    outcome.timedOut = true;
    killGroup(pid);
  }, options.timeout);
  await new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      outcome.code = code;
      outcome.signal = signal;
      resolve();
    });
  });
  clearTimeout(limit);
  outcome.ms = performance.now() - start;
  await options.afterExit?.(pid);
  killGroup(pid);
  groups.delete(pid);
  // A process that left the group may hold the pipes open; its output is not waited for.
  let patience: NodeJS.Timeout | undefined;
  await Promise.race([closed, new Promise<void>((resolve) => (patience = setTimeout(resolve, 2000)))]);
  clearTimeout(patience);
  child.stdout.destroy();
  child.stderr.destroy();
  return outcome;
}
