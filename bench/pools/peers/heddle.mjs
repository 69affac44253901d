import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../../dist/index.js';
import * as tasks from './tasks.mjs';

export function open({ kind, workers }) {
  const Executor = kind === 'processes' ? ProcessPoolExecutor : ThreadPoolExecutor;
  const pool = new Executor({ maxWorkers: workers });
  return {
    run: (task, arg) => pool.submit(tasks[task], arg),
    map: (task, items, options) => pool.map(tasks[task], items, options),
    close: () => pool.shutdown(),
  };
}
