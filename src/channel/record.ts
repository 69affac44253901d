/**
 * The layout of a queue in the heap. Words that all threads read and few write, the producers' words, and the consumers' words are in
 * separate cache lines.
 *
 *    line 0   TAG CHAIN WAITING TICKETS │ FLAGS MAX STATE │ OLDEST SPARE PUTTERS JOINERS RETURNED        the references are a range
 *    line 1   two waiting getters
 *    line 2   TAIL_MUTEX TAIL TAIL_CHUNK PUTS SEEN_GETS                                                  producers only
 *    line 3   HEAD_MUTEX HEAD GETS                                                                       consumers only
 *    line 4   the books of tasks, and what was lost
 */

import { layout, ownOffset, type RefRange, waitableWords } from '../memory/index.ts';

const shared = layout('Queue', 'what all read of a queue, and few write', {
  flags: ['bits', '1: its tasks are counted'],
  max: ['uint32', 'items that it holds at most; 0: any number'],
  state: ['bits', '0 open, 1 shut down, 2 shut down and emptied'],
  oldest: ['ref', 'the first chunk of the ring'],
  spare: ['ref', 'a chunk that is in no ring now'],
  putters: ['ref', 'the line of putters, once one has waited'],
  joiners: ['ref', 'the line of joiners, with the entries of consumers; 0: tasks are not counted'],
  returned: ['ref', 'the first of the items that came back'],
  reader: ['bits', 'of a pipe: the ref of the end that reads, which is not kept by it'],
  overdue: ['bits', '1: a getter has waited long, and was called in vain'],
  reserved: ['bits', 'nothing yet', 2],
});

const lines = layout('QueueLines', 'what producers and consumers write of a queue, behind two waiting getters', {
  tailMutex: ['slot', 'the producer at work; bit 31: others sleep until it has done'],
  tail: ['ref', 'where the next message will be'],
  tailChunk: ['ref', 'the chunk in which that is'],
  puts: ['uint32', 'messages that were put'],
  seenGets: ['uint32', 'items that had gone out, as a producer last saw it'],
  reserved: ['bits', 'nothing: consumers have a line of the cache of their own', 11],
  headMutex: ['slot', 'the consumer at work; bit 31: others sleep until it has done'],
  head: ['ref', 'where the first message is'],
  gets: ['uint32', 'items that have gone out: those taken, without those that came back'],
  reservedToo: ['bits', 'nothing: the books have a line of the cache of their own', 13],
  lost: ['uint32', 'items that were in the hands of a consumer that died'],
  goneTaken: ['uint32', 'items taken by consumers that are no more'],
  goneDone: ['uint32', 'tasks done by them, and tasks given up'],
  gone: ['slot', 'the last of those that left tasks undone'],
  moving: ['slot', 'the consumer whose books are being added to those; 0: none'],
  movingEntry: ['uint32', 'the number of its entry'],
  movingTaken: ['uint32', 'what `goneTaken` becomes'],
  movingDone: ['uint32', 'what `goneDone` becomes'],
  lostAfter: ['uint32', 'what `lost` becomes, and 1 more; 0: nothing is being counted'],
  reservedLast: ['bits', 'nothing yet', 7],
});

export const FLAGS: number = ownOffset + shared.flags;
export const MAX: number = ownOffset + shared.max;
export const STATE: number = ownOffset + shared.state;
export const OLDEST: number = ownOffset + shared.oldest;
export const SPARE: number = ownOffset + shared.spare;
export const PUTTERS: number = ownOffset + shared.putters;
export const JOINERS: number = ownOffset + shared.joiners;
export const OVERDUE: number = ownOffset + shared.overdue;
export const RETURNED: number = ownOffset + shared.returned;
export const READER: number = ownOffset + shared.reader;

export const TAIL_MUTEX: number = waitableWords + lines.tailMutex;
export const TAIL: number = waitableWords + lines.tail;
export const TAIL_CHUNK: number = waitableWords + lines.tailChunk;
export const PUTS: number = waitableWords + lines.puts;
export const SEEN_GETS: number = waitableWords + lines.seenGets;
export const HEAD_MUTEX: number = waitableWords + lines.headMutex;
export const HEAD: number = waitableWords + lines.head;
export const GETS: number = waitableWords + lines.gets;
export const LOST: number = waitableWords + lines.lost;
export const LOST_AFTER: number = waitableWords + lines.lostAfter;
export const GONE_TAKEN: number = waitableWords + lines.goneTaken;
export const GONE_DONE: number = waitableWords + lines.goneDone;
export const GONE: number = waitableWords + lines.gone;
export const MOVING: number = waitableWords + lines.moving;
export const MOVING_ENTRY: number = waitableWords + lines.movingEntry;
export const MOVING_TAKEN: number = waitableWords + lines.movingTaken;
export const MOVING_DONE: number = waitableWords + lines.movingDone;

/** Words of a queue's record. */
export const queueWords: number = waitableWords + lines.size;
/** The words of a queue that name blocks of its own. */
export const queueRefs: RefRange = { first: OLDEST, count: 5 };

/** Kinds of blocks whose items lie in a ring. */
export const ringKinds = { queue: 20, simpleQueue: 21, pipe: 27 } as const;

/** Of FLAGS: tasks are counted. */
export const COUNTS_TASKS = 1;

/** Of STATE: items come and go. */
export const OPEN = 0;
/** Nothing comes any more; what is there goes out. */
export const SHUT_DOWN = 1;
/** Nothing comes, and nothing is there. */
export const EMPTIED = 2;
