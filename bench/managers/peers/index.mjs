// The peers. A peer's file exports `open({ kind })`, which returns the functions that a scenario calls, each in the usual style of that
// library:
//
//   of a dictionary that the manager's process keeps:
//     set(count), get(count)   `count` calls of one key
//   of a connection over a Unix socket to another process, which sends back what it receives:
//     turns(rounds)            a number there and back
//   close()
/** The reference of all ratios. */
export const REFERENCE = 'python-manager';

const DICT = ['dict', 'dict-taken'];

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: 'heddle-blocking', library: 'heddle', kind: 'blocking', only: DICT },
  { id: 'heddle-await', library: 'heddle', kind: 'await', only: DICT },
  { id: 'heddle-await-8', library: 'heddle', kind: 'eight', only: DICT },
  { id: 'heddle-pipeline', library: 'heddle', kind: 'pipeline', only: DICT },
  { id: REFERENCE, library: 'python', kind: 'manager', only: DICT },
  { id: 'heddle-client', library: 'heddle', kind: 'client', only: ['client'] },
  { id: 'heddle-client-await', library: 'heddle', kind: 'client-await', only: ['client'] },
  { id: 'python-client', library: 'python', kind: 'client', only: ['client'] },
];
