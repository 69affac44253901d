// The peers. A peer's file exports `open({ kind })`, which returns the functions that a scenario calls, each in the usual style of that
// library:
//
//   of a dictionary that the manager's process keeps:
//     set(count), get(count)   `count` calls of one key; of a SharedMap and a Map, of a thousand keys
//   of a connection over a Unix socket to another process, which sends back what it receives:
//     turns(rounds)            a number there and back
//   of memory by name:
//     first()                  microseconds of the first block
//     turns(rounds)            a block is created, closed and unlinked
//     attach(rounds)           the first block is attached to, and closed
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
  { id: REFERENCE, library: 'python', kind: 'manager', only: [...DICT, 'shared-map'] },
  { id: 'heddle-map', library: 'heddle', kind: 'map-together', only: ['shared-map'] },
  { id: 'heddle-map-await', library: 'heddle', kind: 'map-await', only: ['shared-map'] },
  { id: 'map-one-thread', library: 'heddle', kind: 'map-one', isHandWritten: true, only: ['shared-map'] },
  { id: 'heddle-named', library: 'heddle', kind: 'named', only: ['named-memory'] },
  { id: 'heddle-named-untracked', library: 'heddle', kind: 'named-untracked', only: ['named-memory'] },
  { id: 'python-named', library: 'python', kind: 'named', only: ['named-memory'] },
  { id: 'heddle-client', library: 'heddle', kind: 'client', only: ['client'] },
  { id: 'heddle-client-await', library: 'heddle', kind: 'client-await', only: ['client'] },
  { id: 'python-client', library: 'python', kind: 'client', only: ['client'] },
];
