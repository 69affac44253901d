/** Runs the built command line as a user does. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../../', import.meta.url));
export const main: string = `${root}dist/cli/main.js`;
export const fixtures: string = `${root}test/fixtures/cli/`;
export const jobs: string = `${fixtures}jobs.mjs`;
export const kinds = ['--threads', '--processes'] as const;

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcessWithoutNullStreams;
  /** The output so far. */
  stdout: string;
  stderr: string;
  ended: Promise<Ended>;
  /** Waits until what it printed fulfils a condition. */
  until(isReached: (running: Running) => boolean): Promise<void>;
}

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
  detached?: boolean;
  /** True: its standard output has no reader. */
  unread?: boolean;
  main?: string;
}

export function start(
  args: readonly string[],
  { cwd = root, env = {}, detached = false, unread = false, main: file = main }: StartOptions = {},
): Running {
  const child = spawn(process.execPath, [file, ...args], { cwd, env: { ...process.env, ...env }, detached });
  const watchers = new Set<() => void>();
  const running: Running = {
    child,
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: running.stdout, stderr: running.stderr });
        for (const watcher of watchers) watcher();
      });
    }),
    until: (isReached) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (isReached(running)) resolve();
          else if (child.exitCode !== null)
            reject(new Error(`it ended with ${child.exitCode} before: ${running.stdout} ${running.stderr}`));
          else return;
          watchers.delete(watcher);
        };
        watchers.add(watcher);
        watcher();
      }),
  };
  const take = (name: 'stdout' | 'stderr') => (text: string) => {
    running[name] += text;
    for (const watcher of watchers) watcher();
  };
  if (!unread) child.stdout.setEncoding('utf8').on('data', take('stdout'));
  child.stderr.setEncoding('utf8').on('data', take('stderr'));
  // The program may end before it has read everything.
  child.stdin.on('error', () => {});
  return running;
}

/** Runs it to its end, with `input` on its standard input. */
export function heddle(args: readonly string[], options: StartOptions & { input?: string | Buffer } = {}): Promise<Ended> {
  const { child, ended } = start(args, options);
  child.stdin.end(options.input ?? '');
  return ended;
}

export const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** Waits until a process has ended; one that only waits to be fetched by its parent has. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
      if (process.platform === 'linux' && /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await turn();
  }
}
