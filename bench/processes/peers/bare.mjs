// The least that a child costs: Node's own `spawn` of an empty file, and `Worker` of one. A task but `nothing` is run by a file of five lines.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const empty = new URL('../workers/empty.mjs', import.meta.url);
const oneTask = new URL('../workers/one-task.mjs', import.meta.url);
const fileFor = (task) => (task === 'nothing' ? empty : oneTask);

export function open(kind) {
  return { prepare: (task, ...args) => child((ended) => starters[kind](task, args, ended)) };
}

const starters = {
  child(task, args, ended) {
    const started = spawn(process.execPath, [fileURLToPath(fileFor(task)), ...(task === 'nothing' ? [] : [task, ...args])], {
      stdio: 'inherit',
    });
    started.on('exit', ended);
    return started.pid;
  },
  worker(task, args, ended) {
    new Worker(fileFor(task), { workerData: [task, ...args] }).on('exit', ended);
    return process.pid;
  },
};

function child(begin) {
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  return {
    pid: null,
    start() {
      this.pid = begin(end);
    },
    join: () => ended,
  };
}
