/** Blocks of words for the tests of the model, and sleep and wake at them as a futex has them. */

import { type Block, placeOf, theAgent } from '#src/memory/index.js';
import { ModelError } from '#src/testing/model/index.js';

export function sleep(block: Block, offset: number, expected: number, ms: number = Infinity): void {
  theAgent().memory.sleep(placeOf(block, offset), expected, ms);
}

export function wake(block: Block, offset: number, count: number): void {
  theAgent().memory.wake(placeOf(block, offset), count);
}

/** The failure that a search must find. */
export function failureOf(search: () => unknown): ModelError {
  try {
    search();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}
