import { Piscina } from 'piscina';

export function open({ workers }) {
  const filename = new URL('./tasks.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers });
  return {
    run: (task, arg) => pool.run(arg, { name: task }),
    close: () => pool.destroy(),
  };
}
