// The peers. A peer's file exports the functions that a scenario calls, each in the usual style of that library. Functions that the library
// lacks are missing.
//
//   counted: the argument is the number of repetitions, the result the number that was done (a promise is awaited):
//     pingPong, fromMain            switches by hand
//     queueAlone, queueBetween      a queue in one coroutine; between two, with `(count, bound)`
//     semaphore, rlock              taken and given back
//     sleepZero                     two that let each other run
//   in numbers:
//     spawnAll(count, waits)        starts `count` of them and waits for all; returns the sum of their values, 0 … count - 1
//     sleepAll(count, ms)           starts `count` of them, which sleep; returns a handle when all sleep
//     sleepAllToBeKilled(count, ms) the same where it must be known beforehand
//     getAll(count)                 the same, waiting for a queue in which nothing comes
//     join(handle), kill(handle)    until all have ended; return how many ended
/** The reference of all ratios. */
export const REFERENCE = 'heddle';

/** Of what takes long: each costs the same, however many there are. */
const FEW = 10_000;
const FEW_OF_ALL = { spawn: FEW, kill: FEW, sleepers: FEW };

const SPAWNED = ['spawn', 'sleepers', 'kill'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'heddle', kind: 'generators' },
  { id: 'heddle-async', library: 'heddle', kind: 'async', atMost: { sleepers: 100_000 }, only: [...SPAWNED, 'queue', 'sleep0', 'lock'] },
  { id: 'promises', library: 'promises', isHandWritten: true, atMost: { kill: FEW } },
  { id: 'promises-in-context', library: 'promises', kind: 'in-context', isHandWritten: true, only: ['spawn'] },
  { id: 'bare-generators', library: 'generators', isHandWritten: true, only: ['switch', 'spawn', 'queue', 'sleep0'] },
  { id: 'effection', library: 'effection', atMost: FEW_OF_ALL, only: [...SPAWNED, 'queue', 'sleep0'] },
  { id: 'greenlet', library: 'python', kind: 'greenlet', only: ['switch'] },
  { id: 'gevent', library: 'python', kind: 'gevent', atMost: FEW_OF_ALL, only: [...SPAWNED, 'queue', 'sleep0', 'lock'] },
];
