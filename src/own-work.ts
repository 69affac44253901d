/**
 * Internal work in the middle of the user's code, such as loading koffi for a thread's first lock. Such work takes longer than many a task
 * may. Code that measures the time of tasks is told of it here.
 */

interface Watcher {
  begins(): void;
  ends(): void;
}

let watcher: Watcher | undefined;
let depth = 0;

/** Set by what measures tasks, with the first that is measured. */
export function watchOwnWork(given: Watcher): void {
  watcher = given;
}

/** Does work that no task is charged for. */
export function ownWork<R>(work: () => R): R {
  if (watcher === undefined) return work();
  if (depth++ === 0) watcher.begins();
  try {
    return work();
  } finally {
    if (--depth === 0) watcher.ends();
  }
}
