/**
 * The place of a queue's items: the part in which kinds of queues differ. A store chooses the place of a message and the next one, and
 * knows the state that a death between two stores leaves. Mutexes, space, waiting and tasks belong to `shared-buffer.ts`.
 *
 *    RingStore              first in, first out; producers and consumers have a mutex each
 *    ordered/ …             last in, first out; lowest first; both ends. One mutex, as all change the same words
 */

/** A message that is ready for a store. */
export interface Outgoing {
  /** MESSAGE, PARCEL, BYTES and APART. */
  readonly kind: number;
  /** The bytes; the rest of the last word are zeros. */
  readonly words: Int32Array;
  /** In bytes. */
  readonly length: number;
  /** Where its bytes begin in `words`, which several messages of a batch share; counted in words. Default 0. */
  readonly from?: number | undefined;
  /** The key for its place, in a store with keys. */
  readonly key?: number | string | undefined;
}

/** A message that was copied out of a store. */
export interface Message extends Outgoing {
  /** Where it was among the others: the number of messages that were put before it. A store that keeps no such order says what puts it back. */
  readonly number: number;
}

/** The hand that takes messages out of a store. */
export interface Taker {
  /** Words for the message that is being taken, to be filled. @param words those that it is in already */
  hold(kind: number, number: number, length: number, key?: number | string, words?: Int32Array): Int32Array;
  /** Counts items, or weights, that have gone out: in the books, then in GETS. Less than 0: items were returned. */
  count(items: number): void;
}

/** Decides whether the next message is taken. @param bytes those of its value, wherever they are */
export type Judge = (kind: number, bytes: number) => boolean;

export interface Store {
  /** Items that may be there before a producer waits; 0: it never does. */
  readonly maxSize: number;
  /** True if producers and consumers have one mutex, TAIL_MUTEX. */
  readonly hasOneMutex: boolean;
  /** True if messages may share words, by `from`. */
  readonly takesBatches?: boolean;
  /** True if an item may be there: a guess, by any thread. */
  readonly mayHave: boolean;
  /** The same, cheaper: for a caller that does not ask again and again, which plain loads may answer by what they found before. */
  readonly seemsToHave: boolean;

  /** True: nothing is there for certain that was put before. By any thread. Absent: that is seen in the mutex only. */
  readonly isEmpty?: boolean;

  // In the producers' mutex.

  /**
   * Places `count` messages, all or none of them visible after a death, and stores PUTS. Returns the number: fewer if there is no more
   * memory.
   *
   * @throws HeddleError if there is no memory for the first; then nothing has happened
   */
  put(messages: readonly Outgoing[], from: number, count: number): number;
  /** A producer has died: what it had published stays. Stores PUTS. */
  repairPuts(): void;

  // In the consumers' mutex.

  /** True if an item is there. */
  has(): boolean;
  /** Takes the next message. False if there is none, or `judge` rejects it. */
  take(taker: Taker, judge?: Judge): boolean;
  /** Takes up to `max` messages, as copies. */
  takeSome(max: number, taker: Taker): Message[];
  /** Throws all away, and stores GETS. Returns the parcels that were in it. */
  drain(): number[];
  /** A consumer has died: what it had taken is gone, and LOST. Returns what GETS must be; the caller stores it. */
  repairGets(): number;

  /**
   * Prepares the return of a message, outside of the mutex. The returned function performs it, inside.
   *
   * @throws HeddleError if the heap is full
   */
  giveBack(message: Message, taker: Taker): () => void;
}
