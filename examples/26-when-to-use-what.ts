/**
 * Which tool for which work? The same two kinds of work on each of them, measured here and now. The advice of every tutorial:
 * what computes goes to other cores, what waits needs none of them.
 */

import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

const compute = (limit: number): number => {
  let primes = 0;
  for (let n = 2; n < limit; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
    if (isPrime) primes++;
  }
  return primes;
};
const fetchSomething = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));

const tasks = { 'computes (8 × primes)': [compute, 400_000], 'waits (40 × 50 ms)': [fetchSomething, 50] } as const;
const counts = { 'computes (8 × primes)': 8, 'waits (40 × 50 ms)': 40 };
type Work = keyof typeof tasks;

/** Milliseconds until all calls have ended; `call` starts one. */
async function measure(count: number, call: () => unknown): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: count }, call));
  return Math.round(performance.now() - start);
}

async function onPool(pool: Executor, work: Work): Promise<number> {
  const [fn, argument] = tasks[work];
  await pool.broadcast(() => 0); // all workers are there; starting one costs some ten milliseconds, once
  const ms = await measure(counts[work], () => pool.submit<[number], number | Promise<number>>(fn, argument));
  await pool.shutdown();
  return ms;
}

const rows: Record<string, Record<Work, number>> = {};
for (const work of Object.keys(tasks) as Work[]) {
  const [fn, argument] = tasks[work];
  const results: Record<string, number> = {
    'one after another': await (async () => {
      const start = performance.now();
      for (let i = 0; i < counts[work]; i++) await fn(argument);
      return Math.round(performance.now() - start);
    })(),
    'async, this thread': await measure(counts[work], () => fn(argument)),
    threads: await onPool(new ThreadPoolExecutor(), work),
    'threads, 20 tasks each': await onPool(new ThreadPoolExecutor({ tasksPerWorker: 20 }), work),
    processes: await onPool(new ProcessPoolExecutor(), work),
  };
  for (const [how, ms] of Object.entries(results)) (rows[how] ??= {} as Record<Work, number>)[work] = ms;
}

console.log('milliseconds, less is better');
console.table(rows);
console.log(`What computes: threads or processes, as many as there are cores. Processes if it may crash or fill its heap.
What waits: plain async functions; a pool only if it also computes, then with tasksPerWorker.`);
