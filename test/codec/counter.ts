/** A shared object of the tests' own: a number that all who have a handle can raise. */

import { add, load } from '#atomics';
import { defineKind, type ObjectKind, SharedObject } from '#dist/memory/index.js';

const COUNT = 2;

const kind: ObjectKind = defineKind({ number: 230, name: 'Counter', words: 4, create: () => new Counter() });

export class Counter extends SharedObject {
  constructor() {
    super(kind);
  }

  get count(): number {
    return load(this.words, this.at + COUNT);
  }

  /** Returns what it was. */
  raise(): number {
    return add(this.words, this.at + COUNT, 1);
  }
}
