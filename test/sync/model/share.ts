/** Objects in the model's memory, which no allocator has to be asked for. */

import type { Block } from '#dist/memory/index.js';
import type { ModelHeap } from '#dist/testing/model/index.js';

const MAGIC = 0x4d << 24;
/** Words of a block with further waiters. */
const FURTHER = 128;

/**
 * An object as its constructor leaves it, with a second block of waiters.
 *
 * @param own words of its own that are not 0, by their number
 */
export function share(heap: ModelHeap, kind: number, label: string, own: Readonly<Record<number, number>> = {}): Block {
  const block = heap.take('Waitable', label);
  const further = heap.take(FURTHER, `${label}, further waiters`);
  block.words[block.at] = MAGIC | kind;
  block.words[block.at + 1] = further.ref;
  for (const [offset, value] of Object.entries(own)) block.words[block.at + 4 + Number(offset)] = value;
  return block;
}
