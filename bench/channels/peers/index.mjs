// The peers. A peer's file exports `open({ kind })`, which returns the functions that a scenario calls, each in the usual style of that
// library. The other side is a child: a process or a thread. Functions that the library lacks are missing.
//
//   from the child to this thread; resolve when all have come (items.mjs defines and checks them):
//     send(what, count)         `count` items of a kind, one by one
//     sendBatches(count)        `count` numbers, in batches
//     sendThrough(kind, count)  `count` numbers, through a queue of another order: 'lifo', 'priority', 'deque'
//   there and back, `rounds` times; resolve when done:
//     turns(rounds)             both sides block
//     awaitedTurns(rounds)      both sides await
//   others:
//     cold()                    a fresh child, which sends numbers at once; returns { first, next }: milliseconds from the start until the first
//                               item has come, and from there until COLD have
//     wait()                    the child waits for an item that does not come; returns what ends that
//     incrementFor(ms)          two children count one number up under its lock for `ms`; returns { pairs, ms } of both together
//     addFor(ms)                the same without the lock, by one step in memory
//     add(count)                this thread alone does that; returns how often
/** The reference of all ratios. */
export const REFERENCE = 'process-send';

const ONE_WAY = ['numbers', 'objects', 'batches', 'mebibytes', 'cold', 'waiting'];
const ORDERED = ['lifo', 'priority', 'deque'];
const VALUES = ['increments', 'adds'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: REFERENCE, library: 'node', kind: 'process', isHandWritten: true, only: [...ONE_WAY, 'turns-awaited'] },
  { id: 'post-message', library: 'node', kind: 'thread', isHandWritten: true, only: [...ONE_WAY, 'turns-awaited'] },
  { id: 'heddle-processes', library: 'heddle', kind: 'processes', only: [...ONE_WAY, ...ORDERED, ...VALUES, 'turns-blocking'] },
  { id: 'heddle-processes-await', library: 'heddle', kind: 'processes-await', only: [...ONE_WAY, 'turns-awaited'] },
  { id: 'heddle-pipe', library: 'heddle', kind: 'pipe', only: ['numbers', 'objects', 'mebibytes', 'kibibytes', 'turns-blocking'] },
  { id: 'heddle-threads', library: 'heddle', kind: 'threads', only: [...ONE_WAY, ...ORDERED, ...VALUES, 'turns-blocking'] },
  { id: 'heddle-threads-await', library: 'heddle', kind: 'threads-await', only: ['numbers', 'turns-awaited', 'waiting'] },
  { id: 'futex-processes', library: 'futex', kind: 'processes', isHandWritten: true, only: ['turns-blocking'] },
  { id: 'futex-threads', library: 'futex', kind: 'threads', isHandWritten: true, only: ['turns-blocking'] },
  { id: 'atomics-wait', library: 'futex', kind: 'atomics', isHandWritten: true, only: ['turns-blocking'] },
  {
    id: 'multithreading',
    library: 'multithreading',
    only: [...ONE_WAY.filter((id) => id !== 'mebibytes'), 'increments', 'turns-blocking', 'turns-awaited'],
  },
  { id: 'python-queue', library: 'python', kind: 'queue', only: [...ONE_WAY, 'turns-blocking'] },
  { id: 'python-simplequeue', library: 'python', kind: 'simplequeue', only: [...ONE_WAY, 'turns-blocking'] },
  { id: 'python-pipe', library: 'python', kind: 'pipe', only: ['numbers', 'objects', 'mebibytes', 'kibibytes', 'turns-blocking'] },
  { id: 'python-manager', library: 'python', kind: 'manager', only: ['numbers', 'lifo', 'priority'] },
  { id: 'python-value', library: 'python', kind: 'value', only: ['increments'] },
];
