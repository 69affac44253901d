import { fileURLToPath } from 'node:url';
import { FixedClusterPool, FixedThreadPool } from 'poolifier';

const worker = (file) => fileURLToPath(new URL(`./workers/${file}`, import.meta.url));

export function open({ kind, workers }) {
  // Without 'advanced' a child process gets JSON and byte arrays come back as plain objects.
  const pool =
    kind === 'processes'
      ? new FixedClusterPool(workers, worker('poolifier-processes.cjs'), { settings: { serialization: 'advanced' } })
      : new FixedThreadPool(workers, worker('poolifier-threads.mjs'));
  return {
    run: (task, arg) => pool.execute(arg, task),
    close: () => pool.destroy(),
  };
}
