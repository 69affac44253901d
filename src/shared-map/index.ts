/** A hash map between threads and processes. */

export type { SharedMapKey, SharedMapPrimitive } from './key.ts';
export { SharedMap, type SharedMapStatistics, type SharedMapSyncOptions } from './shared-map.ts';
