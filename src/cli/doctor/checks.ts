/** The checks of `heddle doctor`. Each reports what it found, and what is lost without it. */

import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { findTsx } from '../map/typescript.ts';
import { features, namedMemoryMissing } from '../../platform/index.ts';
import { countText } from '../../progress/index.ts';
import { testAtomics } from './atomics.ts';
import { memoryLimit } from './memory.ts';
import { isSupported } from './versions.ts';

interface Look {
  readonly isThere: boolean;
  readonly found: string;
}

export interface Check {
  readonly name: string;
  /** heddle cannot do its work without it. */
  readonly isEssential: boolean;
  look(): Look | Promise<Look>;
  /** The consequence of its absence. */
  readonly without: string;
}

export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'missing';
  readonly isEssential: boolean;
  readonly found: string;
  readonly meaning?: string;
}

const SUPPORTED = '^20.19.0 || >=22.12.0';

export const CHECKS: readonly Check[] = [
  {
    name: 'node',
    isEssential: true,
    look: () => ({ isThere: isSupported(process.versions.node), found: `${process.versions.node} (heddle needs ${SUPPORTED})` }),
    without: 'Install a supported Node.',
  },
  {
    name: 'platform',
    isEssential: false,
    look: () => {
      const isFirstClass = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
      return {
        isThere: isFirstClass || process.platform === 'darwin' || process.platform === 'win32',
        found: `${process.platform} ${process.arch}`,
      };
    },
    without: 'heddle is not tested on this system; threads and processes may still work.',
  },
  {
    name: 'cores',
    isEssential: false,
    look: () => {
      const usable = availableParallelism();
      const all = cpus().length;
      const found = all > usable ? `${usable} of ${all} may be used` : String(usable);
      return { isThere: usable > 1, found: `${found}: the default number of workers` };
    },
    without: 'With one core nothing gets faster by workers; what waits still overlaps.',
  },
  {
    name: 'memory',
    isEssential: false,
    look: () => {
      const limit = memoryLimit();
      const total = totalmem();
      const isLimited = limit !== null && limit < total;
      const perWorker = (isLimited ? limit : total) / availableParallelism();
      const found = `${megabytes(isLimited ? limit : total)}${isLimited ? ` (a limit of the container; the machine has ${megabytes(total)})` : ''}`;
      return { isThere: perWorker >= 256 * 2 ** 20, found };
    },
    without: 'Less than 256 MB for each worker: use fewer of them (-j).',
  },
  {
    name: 'threads',
    isEssential: true,
    look: startThread,
    without: 'ThreadPoolExecutor and heddle map --threads cannot start workers. Under --permission Node needs --allow-worker.',
  },
  {
    name: 'processes',
    isEssential: false,
    look: startProcess,
    without: 'ProcessPoolExecutor and heddle map --processes cannot start workers. Under --permission Node needs --allow-child-process.',
  },
  {
    name: 'native calls',
    isEssential: false,
    look: () => {
      const { native, koffi } = features();
      return { isThere: native === null, found: native ?? `by koffi ${koffi}` };
    },
    without: 'The lines on lifelines, tgkill, waitid and the shared heap say what that means; all else works.',
  },
  {
    name: 'lifelines',
    isEssential: false,
    look: () => nativeFeature('lifeline', 'worker processes end with their program, also when it is killed'),
    without:
      'A worker process that is stuck in a task can outlive a program that is killed. What a killed worker was given counts as begun, and is not run elsewhere.',
  },
  {
    name: 'tgkill',
    isEssential: false,
    look: () => nativeFeature('tgkill', 'a thread can be asked whether it lives'),
    without: 'There is no way to ask whether a single thread lives.',
  },
  {
    name: 'waitid',
    isEssential: false,
    look: () => nativeFeature('waitid', 'a child can be waited for while the event loop stands still'),
    without: 'A child can be waited for by events only.',
  },
  {
    name: 'shared heap',
    isEssential: false,
    look: () => nativeFeature('sharedHeap', 'processes share one memory, and wake one another in it'),
    without: 'Locks and all else that is shared reaches the threads of one process only.',
  },
  {
    name: 'named memory',
    isEssential: false,
    look: lookForNamedMemory,
    without: 'SharedMemory and ShareableList cannot be made.',
  },
  {
    name: 'atomics',
    isEssential: true,
    look: async () => {
      const { isRight, found } = await testAtomics(features().sharedHeap === null);
      return { isThere: isRight, found };
    },
    without: 'Locks and all else that is shared cannot be trusted here.',
  },
  {
    name: 'closures',
    isEssential: false,
    look: lookForInspector,
    without:
      'Functions that are not exported cannot be handed over; exported ones can. Under --permission Node needs --allow-inspector, where it has it.',
  },
  {
    name: 'typescript',
    isEssential: false,
    look: () => {
      const { typescript } = process.features as { typescript?: string | false };
      const tsx = findTsx(`${process.cwd()}/x.ts`, process.cwd());
      const byNode = typeof typescript === 'string' ? `by Node itself (${typescript})` : undefined;
      const found = [byNode, tsx === undefined ? undefined : 'by tsx'].filter((each) => each !== undefined).join(' and ');
      return { isThere: found !== '', found: found === '' ? 'no: this Node does not strip types, and tsx is not installed here' : found };
    },
    without: 'heddle map takes JavaScript modules only: npm install --save-dev tsx, or use Node 22.18 or later.',
  },
  {
    name: 'waiting',
    isEssential: false,
    look: () => {
      const isThere = typeof (Atomics as { waitAsync?: unknown }).waitAsync === 'function';
      return { isThere, found: isThere ? 'Atomics.waitAsync' : 'no Atomics.waitAsync' };
    },
    without: 'An event loop cannot wait on shared memory without polling.',
  },
  {
    name: 'permissions',
    isEssential: false,
    look: () => {
      const isRestricted = (process as { permission?: unknown }).permission !== undefined;
      return { isThere: !isRestricted, found: isRestricted ? "Node's permission model is on" : 'not restricted' };
    },
    without: 'Workers and files may be forbidden; the lines above say what is.',
  },
];

function nativeFeature(name: 'lifeline' | 'tgkill' | 'waitid' | 'sharedHeap', found: string): Look {
  const missing = features()[name];
  return { isThere: missing === null, found: missing ?? found };
}

function megabytes(bytes: number): string {
  return `${countText(bytes / 2 ** 20)} MB`;
}

/** Looks whether blocks can be made, and how much memory there is for them. */
function lookForNamedMemory(): Look {
  const missing = namedMemoryMissing();
  if (missing !== undefined) return { isThere: false, found: missing };
  try {
    const { bavail, blocks, bsize } = statfsSync('/dev/shm');
    return { isThere: bavail > 0, found: `/dev/shm has ${megabytes(bavail * bsize)} of ${megabytes(blocks * bsize)} left` };
  } catch (error) {
    return { isThere: false, found: (error as Error).message };
  }
}

async function startThread(): Promise<Look> {
  const start = performance.now();
  const worker = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`a thread ended at once, with code ${code}`)));
    });
    return { isThere: true, found: `one started in ${Math.ceil(performance.now() - start)} ms` };
  } finally {
    await worker.terminate();
  }
}

async function startProcess(): Promise<Look> {
  const start = performance.now();
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) return { isThere: false, found: `a process ended with code ${code}` };
  return { isThere: true, found: `one ran in ${Math.ceil(performance.now() - start)} ms` };
}

async function lookForInspector(): Promise<Look> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  session.disconnect();
  return { isThere: true, found: "V8's inspector reads what a function captures" };
}
