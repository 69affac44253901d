// The least that a thread can cost: a Worker that sends back what it is sent.

export const load = () => import('node:worker_threads');

export async function opener() {
  const { Worker } = await load();
  const echo = new URL('./workers/echo-thread.mjs', import.meta.url);
  return ({ workers }) => {
    const threads = Array.from({ length: workers }, () => new Worker(echo));
    let turn = 0;
    return {
      run(task, arg) {
        const index = turn++ % workers;
        const thread = threads[index];
        return new Promise((resolve, reject) => {
          thread.once('message', (answer) => resolve(task === 'workerId' ? index : answer));
          thread.once('error', reject);
          thread.postMessage(arg, []);
        });
      },
      close: () => Promise.all(threads.map((thread) => thread.terminate())),
    };
  };
}
