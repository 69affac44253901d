/** `heddle/distributed`: locks, queues and maps of many machines, kept by a server of Redis or Valkey. */

/** Which server, for all of them. */
export type { BackendOptions } from './backend.ts';

/** Errors of their own. */
export { BackendLost, LeaseLost } from '../errors.ts';
