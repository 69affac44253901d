// Resolved by its name through the exports of package.json, as a program does that has installed it.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const packageJson = new URL('../../../package.json', import.meta.url);
const entryPoint = pathToFileURL(createRequire(packageJson).resolve('heddle')).href;

export const load = () => import(entryPoint);

export async function opener() {
  const { ProcessPoolExecutor, ThreadPoolExecutor } = await load();
  const tasks = await import('../../pools/peers/tasks.mjs');
  return ({ kind, workers }) => {
    const Executor = kind === 'processes' ? ProcessPoolExecutor : ThreadPoolExecutor;
    const pool = new Executor({ maxWorkers: workers });
    return {
      run: (task, arg) => pool.submit(tasks[task], arg),
      close: () => pool.shutdown(),
    };
  };
}
