// The peers. A peer's file exports `open(kind)`, which returns
//
//   prepare(task, ...args)   a child that will run a task of ../tasks.mjs, not yet started → { start(), join(), pid }. Both may give promises
//   makeLock?()              a lock that may be an argument of a task
//   warmUp?()                promises that a start does not find anything cold that a program has once
//   settle?()                promises that blank processes, if it keeps some, are ready
//
// ../probe.py is Python's twin.

/** The reference of all ratios. */
export const REFERENCE = 'heddle-spawn';

const PROCESSES = ['start-process', 'first-line', 'child-memory', 'tickets'];
const THREADS = ['start-thread', 'first-line', 'child-memory'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', kind: 'spawn', only: PROCESSES },
  { id: 'heddle-forkserver', library: 'heddle', kind: 'forkserver', only: PROCESSES },
  { id: 'heddle-forkserver-preload', library: 'heddle', kind: 'forkserver-preload', only: ['first-line', 'child-memory'] },
  { id: 'bare-child', library: 'bare', kind: 'child', isHandWritten: true, only: PROCESSES },
  { id: 'python-fork', library: 'python', kind: 'fork', only: PROCESSES },
  { id: 'python-forkserver', library: 'python', kind: 'forkserver', only: PROCESSES },
  { id: 'python-spawn', library: 'python', kind: 'spawn', only: PROCESSES },
  { id: 'heddle-thread', library: 'heddle', kind: 'thread', only: THREADS },
  { id: 'bare-worker', library: 'bare', kind: 'worker', isHandWritten: true, only: THREADS },
  { id: 'python-thread', library: 'python', kind: 'thread', only: THREADS },
];
