/**
 * Blocks that belong to a record. A word of their owner names them, its CHAIN or one of its `refs`, and they live as long as the owner
 * does.
 *
 *    allocateOwned ─▶ listed in this thread's ledger ─▶ a word of the owner names the block ─▶ adopt: listed no more ─▶ freeOwned, or swept
 *                          │ killed: swept                   │ killed: the word keeps it           with the owner
 *                          └─ not needed: freeOwned
 *
 * The rule for writers: until `adopt`, a word of a block names only what this thread lists. All other refs are written in `relink`, also
 * into a block that was just born. Otherwise a sweep that had passed one of the two words would free what moves between them.
 */

import { store } from '#atomics';
import { HeddleError } from '../../errors.ts';
import { theAgent } from '../threads/agent.ts';
import type { Block } from '../heap/block.ts';
import { type Heap, theHeap } from '../heap/heap.ts';
import { atStep } from '../heap/step.ts';
import { checkRefs, kinds, type RefRange, tagOf } from '../heap/tag.ts';

/** A block in the hands of the thread that lists it. */
export interface ListedBlock extends Block {
  /** Of its entry in the ledger; undefined: the block is not listed here. */
  position?: number | undefined;
}

/** Says that the ledger of this thread lists a block. */
export function listedBlock(block: Block, position: number): Block {
  const listed: ListedBlock = block;
  listed.position = position;
  return listed;
}

/**
 * A block of zeros but for its tag, listed by this thread until `adopt`.
 *
 * @param refs words of the block that name further blocks; its CHAIN may name one, too
 * @param kind a number of its own, where others must tell what the block is
 * @throws HeddleError if the heap is full
 */
export function allocateOwned(words: number, refs?: RefRange, kind: number = kinds.owned): Block {
  if (refs !== undefined) checkRefs(refs, words);
  return allocateListed(tagOf(kind, refs), words);
}

/** The same, for a caller that writes all of it behind the first four words: they may be anything before. @throws HeddleError if the heap is full */
export function allocateFilled(words: number): Block {
  return allocateListed(tagOf(kinds.owned), words, true);
}

/** A block with that tag, listed by this thread until `adopt`. @throws HeddleError if the heap is full */
export function allocateListed(tag: number, words: number, isFilled: boolean = false): Block {
  const { blocks } = theAgent();
  if (blocks !== undefined) return blocks.allocate(tag, words);
  const heap = theHeap();
  const block = heap.allocate(tag, words, isFilled);
  return listedBlock(block, heap.listedAt);
}

/** Says that a word of its owner names the block now. @throws HeddleError if this thread does not list it */
export function adopt(block: Block): void {
  if (theAgent().blocks !== undefined) return;
  const heap = theHeap();
  heap.guarded(() => unlist(heap, block));
}

/** Takes a block out of the ledger: it is known otherwise from now on. Under the guard, so that a sweep that has passed the owner finds it listed. */
export function unlist(heap: Heap, block: Block): void {
  const { position } = block as ListedBlock;
  if (position === undefined) throw new HeddleError('the block is not listed by this thread, or was adopted already');
  (block as ListedBlock).position = undefined;
  heap.unlist(position);
}

/**
 * Frees a block at once: one that is listed by this thread and named by no word, or a former one of an owner whose word no longer names it.
 */
export function freeOwned(block: Block): void {
  if (theAgent().blocks !== undefined) return;
  const heap = theHeap();
  heap.guarded(() => {
    if ((block as ListedBlock).position !== undefined) unlist(heap, block);
    heap.free(block.ref);
  });
}

/** Lets a block go that this thread lists, without the guard: from a finalizer, say. A sweep frees it. */
export function dropListed(block: Block): void {
  const { position } = block as ListedBlock;
  if (position === undefined) return;
  (block as ListedBlock).position = undefined;
  theHeap().drop(position);
}

/** The operations on owned blocks in `relink`. */
export interface Links {
  /** Writes a ref into the word of an owner that may have been swept past already. 0: none. */
  set(owner: Block, word: number, ref: number): void;
  /** Frees a block that no word names any more, and that no thread lists. */
  free(ref: number): void;
}

const modelLinks: Links = {
  set: ({ words, at }, word, ref) => void store(words, at + word, ref),
  free: () => {},
};

class HeapLinks implements Links {
  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  set({ words, at }: Block, word: number, ref: number): void {
    atStep?.('owned.set');
    store(words, at + word, ref);
    if (ref !== 0) this.#heap.keep(ref);
  }

  free(ref: number): void {
    this.#heap.free(ref);
  }
}

/**
 * Moves owned blocks between words, under the guard of the heap: no sweep comes between. A block that no word names after some step is
 * garbage if the thread dies there. `body` takes a few steps, and neither allocates nor waits.
 */
export function relink<R>(body: (links: Links) => R): R {
  if (theAgent().blocks !== undefined) return body(modelLinks);
  const heap = theHeap();
  return heap.guarded(() => body(new HeapLinks(heap)));
}
