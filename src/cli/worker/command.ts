/** `heddle worker`: joins executors of other machines, until it is told to end. */

import { messageOf } from '../../errors.ts';
import type { DistributedWorker, DistributedWorkerOptions } from '../../distributed/index.ts';
import { EXIT } from '../exit.ts';
import { parseFlags, wholeNumber } from '../flags.ts';
import { OutsideError, UsageError } from '../usage-error.ts';

export const WORKER_FLAGS = [
  { name: 'url', value: 'URL', text: 'the server, such as redis://127.0.0.1:6379; default: HEDDLE_BACKEND' },
  { name: 'jobs', short: 'j', value: 'N', text: 'tasks at a time; default: one for every core' },
  { name: 'queue', value: 'NAME', text: 'whose tasks: those of this queue; default: "default"' },
  { name: 'release', value: 'NAME', text: 'name of the code; default: a hash of the files of this folder' },
  { name: 'threads', text: 'tasks run in threads of one process; default: in processes' },
  { name: 'allow-functions', text: 'take functions as source, from messages signed by HEDDLE_AUTHKEY' },
  { name: 'allow-insecure', text: 'permit a server on another machine without TLS and a password' },
  { name: 'grace', value: 'MS', text: 'what runs has so long to end after SIGTERM; default 30000' },
  { name: 'lock', value: 'MS', text: 'silent for so long, its tasks are lost; default 5000' },
  { name: 'help', short: 'h', text: 'show this' },
] as const;

interface WorkerCommand {
  readonly options: DistributedWorkerOptions;
}

/** @returns null if only the help is wanted. @throws UsageError */
function readWorkerOptions(argv: readonly string[]): WorkerCommand | null {
  const { values, switches, words } = parseFlags(argv, WORKER_FLAGS);
  if (switches.help) return null;
  if (words.length > 0) throw new UsageError(`worker takes no words, got ${words.join(' ')}`);
  const { HEDDLE_BACKEND, HEDDLE_QUEUE, HEDDLE_RELEASE } = process.env;
  const url = values.url ?? HEDDLE_BACKEND;
  if (url === undefined || url === '') throw new UsageError('which server? heddle worker --url redis://…');
  return {
    options: {
      url,
      maxWorkers: wholeNumber(values.jobs, 'jobs', 1),
      queue: values.queue ?? HEDDLE_QUEUE,
      release: values.release ?? HEDDLE_RELEASE,
      threads: switches.threads,
      allowFunctions: switches['allow-functions'],
      allowInsecure: switches['allow-insecure'],
      lockDuration: wholeNumber(values.lock, 'lock', 1000),
      gracePeriod: wholeNumber(values.grace, 'grace', 0),
    },
  };
}

/** A second signal ends the command at once. */
function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      let isSecond = false;
      process.on(signal, () => {
        if (isSecond) process.exit(EXIT.interrupted);
        isSecond = true;
        resolve(signal);
      });
    }
  });
}

/** @throws UsageError for what is wrong with the command, OutsideError for a server that cannot be used */
export async function workerCommand(argv: readonly string[], help: () => number): Promise<number> {
  const read = readWorkerOptions(argv);
  if (read === null) return help();
  const told = untilTold();
  const { DistributedWorker: Worker } = await import('../../distributed/index.ts');
  let worker: DistributedWorker;
  try {
    worker = new Worker(read.options);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  worker.onError((error) => say(messageOf(error)));
  try {
    await worker.start();
  } catch (error) {
    await worker.close(0);
    throw new OutsideError(messageOf(error));
  }
  const { maxWorkers, release } = worker;
  say(`takes up to ${maxWorkers} ${maxWorkers === 1 ? 'task' : 'tasks'} at a time, of release ${release}`);
  const signal = await told;
  const { running } = worker.statistics();
  if (running > 0) say(`${signal}: ends when ${running === 1 ? '1 task has' : `${running} tasks have`} ended`);
  await worker.close();
  const { completed, refused, replayed } = worker.statistics();
  const odd = refused + replayed > 0 ? `; ${refused} messages refused, ${replayed} came again` : '';
  say(`has run ${completed} ${completed === 1 ? 'task' : 'tasks'}${odd}`);
  return EXIT.done;
}

function say(text: string): void {
  process.stderr.write(`heddle worker: ${text}\n`);
}
