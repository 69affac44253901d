// The least that a child process can cost: a fork that sends back what it is sent, over Node's IPC channel.

export const load = () => import('node:child_process');

export async function opener() {
  const { fork } = await load();
  const echo = new URL('./workers/echo-child.mjs', import.meta.url);
  return ({ workers }) => {
    const children = Array.from({ length: workers }, () => fork(echo));
    let turn = 0;
    return {
      run(task, arg) {
        const index = turn++ % workers;
        const child = children[index];
        return new Promise((resolve, reject) => {
          child.once('message', (answer) => resolve(task === 'workerId' ? index : answer));
          child.once('error', reject);
          child.send(arg);
        });
      },
      close() {
        for (const child of children) child.disconnect();
      },
    };
  };
}
