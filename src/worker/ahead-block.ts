/** The words of `ahead.ts` in the shared heap, for a worker in another process. */

import { blockOf, defineKind, layout, SharedObject } from '../memory/index.ts';
import { PLACES, type WordsAt } from './ahead.ts';

const fields = layout('TasksAhead', 'which of the tasks that were sent to a worker process ahead of time it has begun', {
  tag: ['bits', 'magic, version and kind'],
  chain: ['ref', 'none'],
  states: ['bits', 'of each task: number of the use of the word, state', PLACES],
});

const kind = defineKind({ number: 41, name: 'TasksAhead', words: fields.size, create: () => new AheadBlock() });

export class AheadBlock extends SharedObject {
  constructor() {
    super(kind);
  }

  get states(): WordsAt {
    const { words, at } = blockOf(this);
    return { words, at: at + fields.states, owner: this };
  }
}
