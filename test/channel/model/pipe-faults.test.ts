/** Faults in pipes are found by the cases of `pipe-cases.ts`. */

import { findFaults } from '../../sync/model/plant.js';

findFaults('../../channel/model/pipe-cases.js', [
  {
    by: 'a sender that closes',
    what: 'an end that is closed calls no receiver',
    file: 'channel/pipe/connection.js',
    from: 'this.#outgoing?.buffer.getters.callAll();',
    to: '',
  },
  {
    by: 'a receiver that closes while a sender waits for room',
    what: 'an end that is closed calls no sender',
    file: 'channel/pipe/connection.js',
    from: 'this.#incoming?.buffer.putters.known?.callAll();',
    to: '',
  },
  {
    by: 'a sender that closes',
    what: 'those that wait are called before the end is let go',
    file: 'memory/objects/shared-object.js',
    from: 'heap.drop(position);\n    try {\n        whenLetGo();\n    }\n    finally {',
    to: 'try {\n        whenLetGo();\n    }\n    finally {\n        heap.drop(position);',
  },
  {
    by: 'a sender that closes',
    what: 'the end of file is looked for after the last message',
    file: 'channel/queue-core.js',
    from: 'const isOver = wasShutDown || this.isOver;\n            if (this.buffer.take(true, judge))\n                return true;',
    to: 'if (this.buffer.take(true, judge))\n                return true;\n            const isOver = wasShutDown || this.isOver;',
  },
  {
    by: 'an end that is passed on',
    what: 'an end that is under way counts as closed',
    file: 'memory/threads/holders.js',
    from: 'for (const parcel of parcelsIn(memory, heap.pages, heap.slabs)) {',
    to: 'for (const parcel of []) {',
  },
  {
    by: 'two owners of the end that sends',
    what: 'an end has one owner',
    file: 'memory/threads/holders.js',
    from: 'const found = slot === id ? undefined : inLedger(heap, slot, wanted);',
    to: 'const found = slot === id || slot > 4097 ? undefined : inLedger(heap, slot, wanted);',
  },
  {
    by: 'a death of a sender that has waited for room',
    what: 'a dead owner keeps its end open',
    file: 'channel/pipe/end.js',
    from: 'return !isUnderWay && !isDead(slot, false);',
    to: 'return !isUnderWay;',
  },
  {
    by: 'a death of the thread that passes an end on',
    what: 'what lies in a ring is lost with the thread that sent it',
    file: 'channel/pipe/end.js',
    from: 'new RingStore(owner).names(parcel)',
    to: 'false',
  },
  {
    by: 'a receiver that closes while a sender waits for room',
    what: 'a sender that waits for room does not ask whether it has a reader',
    file: 'channel/pipe/pipe-core.js',
    from: 'place(messages, from) {\n        this.#look();',
    to: 'place(messages, from) {',
  },
]);
