/** A shared object for tests: a number that every holder of a handle can raise. */

import { add, load } from '#src/atomics';
import { blockOf, defineKind, type ObjectKind, refOf, SharedObject } from '#src/memory/index.js';

const COUNT = 2;

const kind: ObjectKind = defineKind({ number: 230, name: 'Counter', words: 4, create: () => new Counter() });

export class Counter extends SharedObject {
  /** Different for each, so that no two of them are equal. */
  readonly number: number = refOf(this);

  constructor() {
    super(kind);
  }

  get count(): number {
    const { words, at } = blockOf(this);
    return load(words, at + COUNT);
  }

  /** Returns what it was. */
  raise(): number {
    const { words, at } = blockOf(this);
    return add(words, at + COUNT, 1);
  }
}
