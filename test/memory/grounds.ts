/** The memories to be tested, each with the ways in which another party can share it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { arrayMemory, markEnded, newArraySeed } from '#src/memory/heap/array-memory.js';
import type { Memory } from '#src/memory/heap/memory.js';
import { createNativeMemory, nativeMemoryMissing } from '#src/memory/heap/native-memory.js';
import { closeEnd } from '#src/platform/index.js';
import { closeEndGate, endGatesBelow } from '#src/undisturbed.js';
import type { Join, Role } from './party.ts';

export interface Party {
  /** Exit code or signal. */
  readonly ended: Promise<number | string>;
  /** Ends it at once, whatever it does. */
  kill(): Promise<unknown>;
}

export interface Ground extends AsyncDisposable {
  readonly memory: Memory;
  start(role: Role, argument?: number): Party;
}

const entry = new URL('./party.js', import.meta.url);

function thread(memory: Memory, join: Join, role: Role, argument: number): Party {
  const endGates = endGatesBelow();
  const worker = new Worker(entry, { workerData: { join, role, argument, endGates } });
  const { threadId } = worker;
  const ended = once(worker, 'exit').then(([code]: number[]) => {
    markEnded(memory, threadId);
    return code!;
  });
  return {
    ended,
    kill: () => {
      closeEndGate(endGates[0]);
      return worker.terminate();
    },
  };
}

function childProcess(descriptor: number, role: Role, argument: number): Party {
  const given = JSON.stringify({ join: { descriptor: 3 }, role, argument });
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(entry), given], {
    stdio: ['ignore', 'inherit', 'inherit', descriptor],
  });
  const ended = once(child, 'exit').then(([code, signal]: (number | string)[]) => (code ?? signal)!);
  const kill = (): Promise<number | string> => {
    child.kill('SIGKILL');
    return ended;
  };
  return { ended, kill };
}

function ground(memory: Memory, start: (role: Role, argument: number) => Party, release: () => void): Ground {
  const parties: Party[] = [];
  return {
    memory,
    start: (role, argument = 0) => {
      const party = start(role, argument);
      parties.push(party);
      return party;
    },
    [Symbol.asyncDispose]: async () => {
      for (const party of parties) await party.kill();
      for (const party of parties) await party.ended;
      release();
    },
  };
}

function arrayGround(): Ground {
  const seed = newArraySeed();
  const memory = arrayMemory(seed);
  return ground(
    memory,
    (role, argument) => thread(memory, { seed }, role, argument),
    () => {},
  );
}

/** The addresses stay taken, and the file stays as long as they are. */
function nativeGround(byProcesses: boolean): Ground {
  const { memory, descriptor, address } = createNativeMemory();
  const start = (role: Role, argument: number): Party =>
    byProcesses ? childProcess(descriptor, role, argument) : thread(memory, { descriptor, address }, role, argument);
  return ground(memory, start, () => {
    closeEnd(descriptor);
  });
}

export const nativeSkip: string | false = nativeMemoryMissing() ?? false;

export const grounds: readonly { readonly name: string; readonly skip: string | false; make(): Ground }[] = [
  { name: 'array, threads', skip: false, make: arrayGround },
  { name: 'native, threads', skip: nativeSkip, make: () => nativeGround(false) },
  { name: 'native, processes', skip: nativeSkip, make: () => nativeGround(true) },
];
