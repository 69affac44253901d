/**
 * Memory for copies of large buffers that go to threads. The sender keeps such a copy until the task has ended, as the task may have to be sent once more, and the
 * receiver makes a buffer of its own from it. The same memory serves the next task: memory that is used again costs a tenth of new memory, which the system
 * hands out page by page and V8 collects by marking the whole heap.
 *
 *   lend(bytes) ──▶ packet ══ link ══▶ take(memory, length): the receiver's own buffer
 *      ▲                                 │
 *      └─────── giveBack(packet) ◀───────┘ the worker has told how the task ended
 */

import { memory } from './writer.ts';

/** Bytes of memory that wait to be used again. */
const MOST_KEPT = 16 * 1024 * 1024;
/** Sizes are multiples of it. */
const UNIT = 4096;

const spares = new Map<number, SharedArrayBuffer[]>();
/** Memory that is lent now. */
const lent = new WeakSet<object>();
let kept = 0;

/** Copies bytes into shared memory, at its start. */
export function lend(bytes: Uint8Array): SharedArrayBuffer {
  const size = Math.ceil(bytes.length / UNIT) * UNIT;
  const list = spares.get(size);
  const spare = list?.pop();
  if (spare !== undefined) {
    kept -= size;
    if (list!.length === 0) spares.delete(size);
  }
  const shared = spare ?? new SharedArrayBuffer(size);
  new Uint8Array(shared).set(bytes);
  lent.add(shared);
  return shared;
}

/** Copies lent bytes into a buffer of the receiver's own. */
export function take(shared: SharedArrayBuffer, length: number): ArrayBuffer {
  const copy = memory(length);
  copy.set(new Uint8Array(shared, 0, length));
  return copy.buffer as ArrayBuffer;
}

/** Ends the loan of what was lent among `attachments`: no receiver reads it any more, and it is not sent again. */
export function giveBack(attachments: readonly unknown[]): void {
  for (const each of attachments) {
    if (!lent.delete(each as object)) continue;
    const shared = each as SharedArrayBuffer;
    const size = shared.byteLength;
    if (kept + size > MOST_KEPT) {
      // Sizes that are not asked for any more must not stay for good.
      spares.clear();
      kept = 0;
    }
    if (size > MOST_KEPT) continue;
    const list = spares.get(size);
    if (list === undefined) spares.set(size, [shared]);
    else list.push(shared);
    kept += size;
  }
}
