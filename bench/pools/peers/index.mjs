// The peers. A peer is one library with one kind of worker; its file `<library>.mjs` exports
//
//   open({ kind, workers }) → { run(task, arg), map?(task, items, { chunkSize }), mapList?(task, items), close() }
//
// `task` is the name of an export of tasks.mjs, `run` returns a promise of its result. `map` and `mapList` are there only where the library
// chunks by itself: one gives an async iterable of results, the other a promise of an array. Every peer keeps its own defaults; only the number of workers is set (and that they stay).

/** The reference of all ratios. */
export const REFERENCE = 'heddle-threads';

/** multithreading has one pool a program. */
const ALL_BUT_MEMORY = ['burst', 'one', 'cold', 'late', 'mixed', 'payload', 'map', 'recovery', 'idle', 'cpu'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', kind: 'threads' },
  { id: 'piscina', library: 'piscina', kind: 'threads' },
  { id: 'tinypool', library: 'tinypool', kind: 'threads' },
  { id: 'workerpool', library: 'workerpool', kind: 'threads' },
  { id: 'poolifier', library: 'poolifier', kind: 'threads' },
  { id: 'multithreading', library: 'multithreading', kind: 'threads', only: ALL_BUT_MEMORY },
  { id: 'heddle-processes', library: 'heddle', kind: 'processes' },
  { id: 'tinypool-processes', library: 'tinypool', kind: 'processes' },
  { id: 'workerpool-processes', library: 'workerpool', kind: 'processes' },
  { id: 'poolifier-processes', library: 'poolifier', kind: 'processes' },
  { id: 'python-processes', library: 'python', kind: 'processes', only: ['burst', 'one', 'cold', 'payload', 'map'] },
  { id: 'python-threads', library: 'python', kind: 'threads', only: ['burst', 'one', 'cold'] },
];
