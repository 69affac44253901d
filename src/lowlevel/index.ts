/** `heddle/lowlevel`: what the shared objects are made of, for those who build their own or look inside. */

import '../sync/index.ts'; // for its layouts

/** A word that threads and processes share, and can wait on. */
export { Word, type WaitResult, type WordStatistics } from '../memory/index.ts';
/** The shared heap: how full it is, what lies where in it, and freeing now what nobody holds. */
export { collect, heapStatistics, type HeapStatistics } from '../memory/index.ts';
export { allLayouts, type Layout, type LayoutField, type WordType } from '../memory/index.ts';
/** What their doc comments name. */
export type { Operation, Wait, WaitOptions } from '../loop/index.ts';
export type { SharedObject } from '../memory/index.ts';
