/** Bare commands: what people write without a library. */
export const REFERENCE = 'ioredis';

/** @type {import('../../suites.mjs').Peer[]} */
export const peers = [
  { id: 'heddle', library: 'heddle' },
  { id: 'ioredis', library: 'ioredis', isHandWritten: true },
];
