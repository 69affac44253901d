/**
 * The layout of an ordered queue in the heap. Its record is that of a `Queue`, with one mutex and a log in place of the words of the ring.
 * All its items lie behind one reference, so that one store replaces their memory.
 *
 *    queue   … OLDEST: ITEMS                                             the references are those of a Queue
 *    line 2  MUTEX LOG HAND PUTS SEEN_GETS HOLE SORTED …                 all of it in the mutex
 *    line 3  GETS
 *
 *    ITEMS ──▶ TAG CHAIN │ CAPACITY LEFT │ FREE FRESH END LAST USED TOTAL │ a reference for each item, in order
 *                    └──▶ chunk of cells ──▶ chunk of cells ──▶ …
 *
 * The log is written before a change of several stores, and has the values of the words after it. It is valid from the moment when PUTS or
 * GETS shows the change, as its number is the sum of the two, and until it is 0 again. Before that moment nothing has happened.
 */

import { layout, waitableWords } from '../../memory/index.ts';
import { OLDEST } from '../record.ts';

const lines = layout('OrderedQueueLines', 'of a queue whose items have another order, in place of the first two of QueueLines', {
  mutex: ['slot', 'the producer or consumer at work; bit 31: others sleep until it has done'],
  log: ['bits', 'bit 0: a change is being made; above: PUTS + GETS from the moment in which it counts'],
  hand: ['ref', 'the item that was taken in hand to be put elsewhere; 0: none'],
  puts: ['uint32', 'items that were put'],
  seenGets: ['uint32', 'items that had gone out, as a producer last saw it'],
  hole: ['uint32', 'where the item in hand would be put now'],
  sorted: ['uint32', 'the number of items that have their place'],
  lostAfter: ['uint32', 'what LOST becomes, should the thread at work die'],
  leftAfter: ['uint32', 'what LEFT becomes'],
  getsAfter: ['uint32', 'what GETS becomes'],
  droppedAfter: ['uint32', 'what DROPPED becomes'],
  dropped: ['uint32', 'items that a full deque has let go'],
  keys: ['bits', 'of a PriorityQueue, what its priorities are; 0: not yet known'],
  reserved: ['bits', 'nothing yet', 5],
  gets: ['uint32', 'items that have gone out: those taken and those dropped, without those that came back'],
  reservedToo: ['bits', 'nothing yet', 13],
});

const items = layout('OrderedItems', 'the items of an ordered queue: a reference for each follows, to the first of its cells', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'the first chunk of cells'],
  capacity: ['uint32', 'references for which there is room'],
  left: ['uint32', 'where the first of them is'],
  free: ['ref', 'the first free cell'],
  fresh: ['ref', 'the first of the cells that were never used'],
  end: ['ref', 'behind the last of those'],
  last: ['ref', 'the last chunk'],
  used: ['uint32', 'cells that are in use'],
  total: ['uint32', 'cells'],
  reserved: ['bits', 'nothing yet', 2],
});

export const LOG: number = waitableWords + lines.log;
export const HAND: number = waitableWords + lines.hand;
export const HOLE: number = waitableWords + lines.hole;
export const SORTED: number = waitableWords + lines.sorted;
export const LOST_AFTER: number = waitableWords + lines.lostAfter;
export const LEFT_AFTER: number = waitableWords + lines.leftAfter;
export const GETS_AFTER: number = waitableWords + lines.getsAfter;
export const DROPPED_AFTER: number = waitableWords + lines.droppedAfter;
export const DROPPED: number = waitableWords + lines.dropped;
export const KEYS: number = waitableWords + lines.keys;
/** Where the record of a `Queue` has the same words. */
export const sharedPlaces: Readonly<Record<'mutex' | 'puts' | 'seenGets' | 'gets', number>> = {
  mutex: waitableWords + lines.mutex,
  puts: waitableWords + lines.puts,
  seenGets: waitableWords + lines.seenGets,
  gets: waitableWords + lines.gets,
};

/** The word of a queue that names its items. */
export const ITEMS: number = OLDEST;

export const CHAIN: number = items.chain;
export const CAPACITY: number = items.capacity;
export const LEFT: number = items.left;
export const FREE: number = items.free;
export const FRESH: number = items.fresh;
export const END: number = items.end;
export const LAST: number = items.last;
export const USED: number = items.used;
export const TOTAL: number = items.total;
/** Words before the references. */
export const itemsHead: number = items.size;
