/** Workers and callers in processes of their own, for tests that kill them. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface WorkerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The output so far. */
  readonly said: () => string;
  /** Sends a signal, and waits for its end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `heddle worker`, and waits until it takes tasks. */
export async function startWorker(
  url: string,
  queue: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<WorkerProcess> {
  const own = ['worker', '--url', url, '--queue', queue, '--release', 'test'];
  const child = spawn(process.execPath, [cli, ...own, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  return joined(child, 'takes up to');
}

/** Starts a program whose first lines say that it is ready. */
export async function startProgram(file: URL, args: readonly string[]): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return joined(child, 'ready');
}

async function joined(child: ChildProcess, sign: string): Promise<WorkerProcess> {
  let text = '';
  const exited = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes(sign)) resolve();
    });
    child.once('exit', () => reject(new Error(`it exited: ${text}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    child,
    said: () => text,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}
