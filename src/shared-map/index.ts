/** A hash map between threads and processes. */

export type { SharedMapKey, SharedMapPrimitive } from './key.ts';
/** Rules of keys that a `DistributedMap` has, too. */
export { checkKey, longestKey, nameOfKnown } from './key.ts';
export { SharedMap, type SharedMapStatistics } from './shared-map.ts';
