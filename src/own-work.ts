/**
 * Work of heddle's own in the middle of the user's code, such as the loading of koffi for a thread's first lock: it takes longer than many a task
 * may. What measures the time of tasks here is told.
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
