/** Numbers and arrays in memory that threads and processes share. */

export type { GuardedStatistics, SharedOptions } from './guarding-lock.ts';
export { type SharableArray, share } from './share.ts';
export { RawArray, SharedArray, type SharedArrayStatistics, type ViewOf } from './shared-array.ts';
export type { ShareableValue } from './named/list-format.ts';
export { listIn, ShareableList, type ShareableListOptions, type ShareableListStatistics } from './named/shareable-list.ts';
export { attachSent, SharedMemory, type SharedMemoryOptions, type SharedMemoryStatistics } from './named/shared-memory.ts';
export type { BigintCode, NumberCode, Settable, TypeCode, ValueOf } from './type-codes.ts';
export { RawValue, Value, type ValueStatistics } from './value.ts';
