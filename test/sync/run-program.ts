/** Runs a program that has heddle's locks and pools in a process of its own. */

import { execFile } from 'node:child_process';

const heddle = JSON.stringify(import.meta.resolve('heddle'));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param source the body of an ES module */
export function runProgram(source: string): Promise<Ended> {
  const program = `import { Barrier, BoundedSemaphore, Condition, Event, Lock, ProcessPoolExecutor, RLock, Semaphore, ThreadPoolExecutor } from ${heddle};\n${source}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '--eval', program], { timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}
