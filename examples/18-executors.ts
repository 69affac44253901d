/** Threads and processes behind one interface: Python's tutorial of `concurrent.futures`. */

import { availableParallelism } from 'node:os';
import { Executor, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

const sleepAndTell = async (name: string, ms: number): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return `${name} is done`;
};

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  const pool = new Pool(); // as many workers as the machine runs at once
  const workers = await pool.broadcast(() => true);
  console.log(`${Pool.name}: default size`, workers.length === availableParallelism());

  const future = pool.submit(sleepAndTell, 'a', 50);
  future.addDoneCallback((f) => console.log('callback: done', f.done()));
  console.log('submitted: done', future.done());
  await future.result(0).catch((error: Error) => console.log('not yet:', error.name));
  console.log(await future.result());

  const late = pool.submit(sleepAndTell, 'b', 50);
  await pool.shutdown({ wait: true });
  console.log('shut down: done', late.done(), await late);
  await pool.submit(sleepAndTell, 'c', 0).catch((error: Error) => console.log('too late:', error.name));
}

try {
  // @ts-expect-error the compiler knows, too
  void new Executor();
} catch (error) {
  console.log(String(error));
}
