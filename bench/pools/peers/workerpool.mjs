import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';

export function open({ kind, workers }) {
  const script = fileURLToPath(new URL('./workers/workerpool.mjs', import.meta.url));
  const pool = workerpool.pool(script, {
    workerType: kind === 'processes' ? 'process' : 'thread',
    minWorkers: workers,
    maxWorkers: workers,
    // Without it a child process gets JSON and byte arrays come back as plain objects.
    forkOpts: { serialization: 'advanced' },
  });
  return {
    run: (task, arg) => pool.exec(task, [arg]),
    close: () => pool.terminate(),
  };
}
