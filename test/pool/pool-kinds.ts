/** Both pools, for tests that hold for either. */

import { after } from 'node:test';
import { Pool, type PoolOptions, ThreadPool } from 'heddle';

type Open = (options?: number | PoolOptions) => Pool;

/** Opens one pool for each number of workers, for all tests of a file that neither set it up nor end its workers: starts take long. */
function sharing(open: Open): (processes: number) => Pool {
  const pools = new Map<number, Pool>();
  after(async () => {
    for (const pool of pools.values()) pool.close();
    await Promise.all([...pools.values()].map((pool) => pool.join()));
  });
  return (processes) => {
    const pool = pools.get(processes) ?? open(processes);
    pools.set(processes, pool);
    return pool;
  };
}

const openThreads: Open = (options) => new ThreadPool(options);
const openProcesses: Open = (options) => new Pool(options);

export const poolKinds = [
  { kind: 'thread', open: openThreads, shared: sharing(openThreads) },
  { kind: 'process', open: openProcesses, shared: sharing(openProcesses) },
] as const;
