/** Faults in the ring of a link are found by the cases of `ring-cases.ts`. */

import { findFaults } from '../../sync/model/plant.js';

const file = 'worker/link/frame-ring.js';

findFaults('../../worker/model/ring-cases.js', [
  {
    by: 'a few records',
    what: 'a reader looks for the last time before it says that it sleeps',
    file,
    from: 'if (this.#operations.load(this.#words, this.#at + TAIL) === this.#head)\n            return true;',
    to: 'if (this.#tail === this.#head)\n            return true;',
  },
  {
    by: 'a few records',
    what: 'a record is published before it is written',
    file,
    from: 'this.#next = (this.#tail + skip + size) | 0;',
    to: 'this.#next = (this.#tail + skip + size) | 0;\n        this.#operations.store(this.#words, this.#at + TAIL, this.#next);',
  },
  {
    by: 'a writer that dies',
    what: 'the position is stored before the bytes of the last record',
    file,
    from: 'this.#next = (this.#tail + skip + size) | 0;',
    to: 'this.#next = (this.#tail + skip + size) | 0;\n        this.#operations.store(this.#words, this.#at + TAIL, this.#next);',
  },
  {
    by: 'more records than there is room for',
    what: 'a record that was not read is written over',
    file,
    from: 'if (!this.#hasRoom(skip + size + (isUrgent ? 0 : reserved)))\n            return -1;',
    to: '',
  },
  {
    by: 'more records than there is room for',
    what: 'a reader frees a record before it has copied it',
    file,
    from: 'look() {\n        this.#tail = this.#operations.load(this.#words, this.#at + TAIL);',
    to: 'look() {\n        this.#tail = this.#operations.load(this.#words, this.#at + TAIL);\n        this.#operations.store(this.#words, this.#at + HEAD, this.#tail);',
  },
  {
    by: 'more records than there is room for',
    what: 'a record runs over the end',
    file,
    from: 'const skip = offset + size > capacity ? capacity - offset : 0;',
    to: 'const skip = 0;',
  },
]);
