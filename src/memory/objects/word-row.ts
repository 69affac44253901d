/** A row of words in the heap, for threads and processes that agree on what is in them. */

import { blockOf, defineKind, SharedObject } from './shared-object.ts';
import { layout } from '../heap/layout.ts';

const fields = layout('WordRow', 'words for those that hold it', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  first: ['bits', 'the first of the words; the others follow'],
});

const kind = defineKind({ number: 41, name: 'WordRow', words: fields.size, create: () => new WordRow(0) });

export class WordRow extends SharedObject {
  /** @param count of words, at least 1; all are 0 at first */
  constructor(count: number) {
    super(kind, undefined, fields.first + Math.max(1, count));
  }

  /** The words, and the place of its first one among them. Valid as long as `owner` is. */
  get place(): { readonly words: Int32Array; readonly at: number; readonly owner: object } {
    const { words, at } = blockOf(this);
    return { words, at: at + fields.first, owner: this };
  }
}
