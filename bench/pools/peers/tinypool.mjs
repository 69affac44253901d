import { Tinypool } from 'tinypool';

export function open({ kind, workers }) {
  const filename = new URL('./tasks.mjs', import.meta.url).href;
  const runtime = kind === 'processes' ? 'child_process' : 'worker_threads';
  // Without 'advanced' a child process gets JSON and byte arrays come back as plain objects.
  const pool = new Tinypool({ filename, runtime, serialization: 'advanced', minThreads: workers, maxThreads: workers });
  return {
    run: (task, arg) => pool.run(arg, { name: task }),
    close: () => pool.destroy(),
  };
}
