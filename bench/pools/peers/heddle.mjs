import { Pool, ProcessPoolExecutor, ThreadPool, ThreadPoolExecutor } from '../../../dist/index.js';
import * as tasks from './tasks.mjs';

export function open({ kind, workers }) {
  const Executor = kind === 'processes' ? ProcessPoolExecutor : ThreadPoolExecutor;
  const Workers = kind === 'processes' ? Pool : ThreadPool;
  const pool = new Executor({ maxWorkers: workers });
  /** Has workers only in the measurement that uses it. */
  const lists = new Workers(workers);
  return {
    run: (task, arg) => pool.submit(tasks[task], arg),
    map: (task, items, options) => pool.map(tasks[task], items, options),
    mapList: (task, items) => lists.map(tasks[task], items),
    close: () => Promise.all([pool.shutdown(), lists.terminate()]),
  };
}
