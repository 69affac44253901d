/** The files of `dist/` that are addressed by name; all others are chunks that these share. */

/** Entry points of the package, as `exports` in package.json has them. */
export const publicEntries: readonly string[] = ['index', 'coroutine/index', 'distributed/index', 'lowlevel/index', 'testing/index'];

export const entries: readonly string[] = [
  ...publicEntries,
  // Loaded by workers that send functions.
  'codec/function/serialize',
  'cli/main',
  // The function of `heddle map` travels by reference: it must be an export of a file of its own.
  'cli/map/apply',
  // Functions that workers of other machines run in their processes; and what `HEDDLE_BACKEND` loads.
  'distributed/tasks/task',
  'distributed/environment',
  // First files of workers and of the watchdog's thread.
  'worker/thread-main',
  'worker/process-main',
  'process/child-main',
  'thread/child-main',
  'worker/sample',
  // The classes of these files travel by name.
  'process/index',
  'thread/index',
  'context/index',
  'manager/index',
  'shared/index',
  // Unlinks tracked memory behind its last user.
  'platform/named/watcher-main',
  'coroutine/monkey/watchdog-thread',
  // `#atomics`
  'memory/atomics',
  'memory/atomics-model',
];
