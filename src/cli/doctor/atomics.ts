/**
 * Checks that the words of the shared heap behave as threads and processes need: each addition counts, and a sleeper at a word is woken.
 * JavaScript's atomic operations work on memory that the system maps in every Node so far, but no specification promises it.
 */

import { Word } from '../../memory/index.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../pool/index.ts';

const additions = 100_000;
/** Milliseconds for all to come. */
const patience = 20_000;

/** Waits until all have come, then adds at once with them. */
function addMany(sum: Word, arrived: Word, all: number): void {
  const latest = Date.now() + patience;
  arrived.add(1);
  arrived.notify();
  for (let there = arrived.load(); there < all; there = arrived.load())
    if (arrived.wait(there, Math.max(0, latest - Date.now())) === 'timed-out')
      throw new Error(`only ${there} of ${all} came to add in time`);
  for (let i = 0; i < additions; i++) sum.add(1);
}

export interface SelfTest {
  readonly isRight: boolean;
  readonly found: string;
}

/** Two threads, and a process if it can have the heap, add to one word. */
export async function testAtomics(crossesProcesses: boolean): Promise<SelfTest> {
  const start = performance.now();
  const [sum, arrived] = [new Word(), new Word()];
  await using threads = new ThreadPoolExecutor({ maxWorkers: 2 });
  await using processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const all = crossesProcesses ? 3 : 2;
  const running = [threads.submit(addMany, sum, arrived, all), threads.submit(addMany, sum, arrived, all)];
  if (crossesProcesses) running.push(processes.submit(addMany, sum, arrived, all));
  await Promise.all(running);
  const who = `2 threads${crossesProcesses ? ' and a process' : ''}`;
  const [got, wanted] = [sum.load(), all * additions];
  if (got !== wanted) return { isRight: false, found: `${who} added ${wanted} times to one word, and ${wanted - got} were lost` };
  return {
    isRight: true,
    found: `${who} added ${wanted} times to one word, and none was lost (${Math.ceil(performance.now() - start)} ms)`,
  };
}
