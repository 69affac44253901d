// heddle's Process by each start method, and its Thread.
import * as heddle from '../../../dist/index.js';
import * as tasks from '../tasks.mjs';

/** Time for blank processes to become ready while the program has nothing to do. */
const IDLE_MS = 500;

export function open(kind) {
  const [method, preload] = kind.split('-');
  if (preload) heddle.setForkserverPreload([new URL('../tasks.mjs', import.meta.url).href]);
  const Class = { thread: () => heddle.Thread, spawn: () => heddle.Process, forkserver: () => heddle.getContext('forkserver').Process }[
    method
  ]();
  const prepare = (task, ...args) => new Class({ target: tasks[task], args });
  return {
    prepare,
    makeLock: () => new heddle.Lock(),
    warmUp: () => prepare('nothing').start().join(),
    ...(method === 'forkserver' ? { settle: () => new Promise((resolve) => setTimeout(resolve, IDLE_MS)) } : {}),
  };
}
