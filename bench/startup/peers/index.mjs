// The libraries measured. A peer's module exports
//
//   prepare?(library) promises what must be there before the import
//   load(library)     imports the library as a program does
//   opener(library)   promises open({ kind, workers }) → { run(task, arg), close() }, as in ../../pools/peers; called after load()
//
// A scenario sets the kind of worker here, not a peer: one row stands for one library in every table.

/** The peer that all ratios are against. */
export const REFERENCE = 'heddle';

const THREADS = ['first-thread', 'memory-thread'];
const PROCESSES = ['first-process', 'memory-process'];
const ALL = ['import', ...THREADS, ...PROCESSES];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', only: ALL },
  { id: 'bare-worker', library: 'bare-worker', isHandWritten: true, only: THREADS },
  { id: 'bare-child', library: 'bare-child', isHandWritten: true, only: PROCESSES },
  { id: 'piscina', library: 'piscina', only: ['import', ...THREADS] },
  { id: 'tinypool', library: 'tinypool', only: ALL },
  { id: 'workerpool', library: 'workerpool', only: ALL },
  { id: 'poolifier', library: 'poolifier', only: ALL },
  { id: 'multithreading', library: 'multithreading', hasOnePool: true, only: ['import', 'first-thread'] },
  { id: 'heddle-capture', library: 'heddle', kind: 'capture', only: ['capture'] },
  { id: 'heddle-inline', library: 'heddle', kind: 'inline', only: ['capture'] },
  { id: 'heddle-hoisted', library: 'heddle', kind: 'hoisted', only: ['capture'] },
  { id: 'heddle-exported', library: 'heddle', kind: 'exported', only: ['capture'] },
  { id: 'inspector-calls', library: 'inspector', isHandWritten: true, only: ['capture'] },
];
