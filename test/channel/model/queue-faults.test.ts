/** Faults in the ring and in the Queue are found by the cases of `queue-cases.ts`. */

import { findFaults } from '../../sync/model/plant.js';

findFaults('../../channel/model/queue-cases.js', [
  {
    by: 'a producer and a consumer',
    what: 'a header is stored before the next one is zeroed',
    file: 'channel/ring.js',
    from: 'store(nextSegment, nextIndex + 1, number);\n            store(nextSegment, nextIndex, 0);',
    to: 'store(nextSegment, nextIndex + 1, number); store(segment, index, header); this.#first = this.#at; this.#firstHeader = header; store(nextSegment, nextIndex, 0);',
  },
  {
    by: 'a producer and two consumers',
    what: 'two consumers are at work at a time',
    file: 'channel/shared-buffer.js',
    from: 'let isTaken = false;\n        let isWhole = false;\n        this.#headMutex.enter();',
    to: 'let isTaken = false;\n        let isWhole = false;',
  },
  {
    by: 'a chunk that comes back while the heap is swept',
    what: 'SPARE is moved without the guard',
    file: 'channel/chunks.js',
    from: 'const spare = this.#keepsSpare ? relink((links) => this.#chainSpare(links, before, larger)) : 0;',
    to: 'const spare = this.#keepsSpare ? this.#chainSpare({ set: ({ words, at }, word, ref) => store(words, at + word, ref) }, before, larger) : 0;',
  },
  {
    by: 'a death in a batch',
    what: 'a batch shows its first message first',
    file: 'channel/ring.js',
    from: 'this.#first = this.#at;\n            this.#firstHeader = header;',
    to: 'store(segment, index, header); this.#first = this.#at; this.#firstHeader = header;',
  },
  {
    by: 'a death of a producer or a consumer',
    what: 'what a dead producer has published is written over',
    file: 'channel/ring-store.js',
    from: 'this.#store(PUTS, this.#ring.repairTail());',
    to: '',
  },
  {
    by: 'a death of one of two consumers',
    what: 'what a dead consumer has taken is not counted',
    file: 'channel/shared-buffer.js',
    from: 'this.#store(GETS, gets);',
    to: '',
  },
  {
    by: 'a producer and a consumer',
    what: 'a put does not look whether a getter waits',
    file: 'channel/shared-buffer.js',
    from: 'if (placed > 0 && this.#load(waitingOffset) !== 0)',
    to: 'if (false)',
  },
  {
    by: 'room for one',
    what: 'a get does not look whether a putter waits',
    file: 'channel/shared-buffer.js',
    from: 'if (putters?.mayWait === true)',
    to: 'if (false)',
  },
  {
    by: 'a batch for two consumers',
    what: 'a getter that leaves does not call the next',
    file: 'channel/line.js',
    from: 'waiter.free();\n            this.passOn();',
    to: 'waiter.free();',
  },
  {
    by: 'a producer and a consumer',
    what: 'a getter does not look again before it sleeps',
    file: 'channel/line.js',
    from: 'const got = attempt();\n            if (got !== undefined)\n                return got;',
    to: 'const got = slices > 0 ? attempt() : undefined; slices += 1;\n            if (got !== undefined)\n                return got;',
  },
  {
    by: 'a shutdown',
    what: 'a shutdown does not wait for the producer at work',
    file: 'channel/shared-buffer.js',
    from: 'this.#tailMutex.within(() => {\n            const state',
    to: '(((f) => f()))(() => {\n            const state',
  },
  {
    by: 'a death between get and taskDone',
    what: 'the tasks of a dead consumer are waited for',
    file: 'channel/books.js',
    from: 'this.#store(GONE_DONE, (this.#load(GONE_DONE) + abandoned) | 0);',
    to: '',
  },
  {
    by: 'tasks',
    what: 'the last task tells no joiner',
    file: 'channel/queue-core.js',
    from: 'books.line.known?.callAll();',
    to: ';',
  },
  {
    by: 'a kill',
    what: 'an item that a killed greenlet has not seen is lost',
    file: 'channel/operations.js',
    from: 'this.core.giveBackValue(value, this.#number);',
    to: '',
  },
]);
