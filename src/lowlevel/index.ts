/** `heddle/lowlevel`: the parts of shared objects, for code that builds its own or inspects them. */

import '../shared/index.ts'; // for its layouts
import '../shared-map/index.ts'; // for its layouts, and those of channel and sync

/** A word that threads and processes share, and can wait on. */
export { Word, type WaitResult, type WordStatistics } from '../memory/index.ts';
/** The shared heap: how full it is, its layout, and immediate freeing of unused objects. */
export { collect, heapStatistics, type HeapStatistics, keptDescriptors } from '../memory/index.ts';
export { allLayouts, type Layout, type LayoutField, type WordType } from '../memory/index.ts';
/** Types that their doc comments name. */
export type { AsyncItemIterator } from '../iteration.ts';
export type { Operation, SyncWaitOptions, Wait, WaitOptions } from '../loop/index.ts';
export type { SharedObject } from '../memory/index.ts';

/** The features of this machine, and what is missing of them. */
export { features, type Features } from '../platform/index.ts';
/** Every outcome of a map, errors included: what `heddle map` is made of. */
export { mapOutcomes, type MapOutcome, type MapOutcomesOptions } from '../pool/index.ts';
/** The clock that coroutines go by, and how many of them are ready: for a clock of your own. `heddle/testing` has one. */
export { type Clock, readyCount, replaceClock } from '../loop/index.ts';
