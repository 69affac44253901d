// The peers. A peer's file exports `open({ kind })`, which returns the functions that a scenario calls, each in the usual style of that
// library. Functions that the library lacks are missing.
//
//   counted: the argument is the number of repetitions, the result the number that was done (a promise is awaited):
//     lock, rlock, semaphore                        taken and given back by a thread alone, blocking
//     awaitedLock, awaitedRlock, awaitedSemaphore   the same, awaited
//   between two workers, blocking:
//     contended(ms)      both take the same lock and give it back, for so long; returns { pairs, ms } of both together
//     event(rounds)      one sets an event and waits for the other's; returns milliseconds
//     condition(rounds)  the same by a condition and whose turn it is
//     barrier(rounds)    both meet at a barrier; returns milliseconds
//   the same four, awaited: contendedAwaited, eventAwaited, conditionAwaited, barrierAwaited
/** The reference of all ratios. */
export const REFERENCE = 'heddle-processes';

const CONTENDED = ['contended'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', kind: 'processes' },
  { id: 'heddle-threads', library: 'heddle', kind: 'threads' },
  { id: 'heddle-threads-none', library: 'heddle', kind: 'threads-none' },
  { id: 'futex-processes', library: 'futex', kind: 'processes', isHandWritten: true, only: ['uncontended', ...CONTENDED] },
  { id: 'futex-threads', library: 'futex', kind: 'threads', isHandWritten: true, only: ['uncontended', ...CONTENDED] },
  { id: 'multithreading', library: 'multithreading', kind: 'threads' },
  { id: 'python-processes', library: 'python', kind: 'processes', only: ['uncontended', 'contended', 'event', 'condition', 'barrier'] },
  { id: 'python-threads', library: 'python', kind: 'threads', only: ['uncontended', 'contended', 'event', 'condition', 'barrier'] },
];
