// Who is measured. A peer is one library with one kind of worker; its file `<library>.mjs` exports
//
//   open({ kind, workers }) → { run(task, arg), map?(task, items, { chunkSize }), close() }
//
// `task` is the name of an export of tasks.mjs, `run` returns a promise of its result. `map` is there only where the library chunks by
// itself: it is an async iterable of results. Every peer keeps its own defaults; only the number of workers is set (and that they stay).

/** What all ratios are against. */
export const REFERENCE = 'heddle-threads';

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', kind: 'threads' },
  { id: 'piscina', library: 'piscina', kind: 'threads' },
  { id: 'tinypool', library: 'tinypool', kind: 'threads' },
  { id: 'workerpool', library: 'workerpool', kind: 'threads' },
  { id: 'poolifier', library: 'poolifier', kind: 'threads' },
  { id: 'multithreading', library: 'multithreading', kind: 'threads' },
  { id: 'heddle-processes', library: 'heddle', kind: 'processes' },
  { id: 'tinypool-processes', library: 'tinypool', kind: 'processes' },
  { id: 'workerpool-processes', library: 'workerpool', kind: 'processes' },
  { id: 'poolifier-processes', library: 'poolifier', kind: 'processes' },
  { id: 'python-processes', library: 'python', kind: 'processes', only: ['burst', 'one', 'payload', 'map'] },
  { id: 'python-threads', library: 'python', kind: 'threads', only: ['burst', 'one'] },
];
