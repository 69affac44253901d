/** Faults in the SharedMap are found by the cases of `map-cases.ts`. */

import { findFaults } from '../../sync/model/plant.js';

findFaults('../../shared-map/model/map-cases.js', [
  {
    by: 'memory that another key gets beside a read',
    what: 'a reader does not look at the sequence again',
    file: 'shared-map/reader.js',
    from: "if (looked !== 'torn' && load(this.#words, this.#sequence) === sequence)",
    to: "if (looked !== 'torn')",
  },
  {
    by: 'memory that another key gets beside a read',
    what: 'entries change while the sequence is even',
    file: 'shared-map/stripe.js',
    from: 'write(this.#words, this.#sequence, read(this.#words, this.#sequence) | 1);',
    to: '',
  },
  {
    by: 'two sets of keys in one slot',
    what: 'two threads write at a time',
    file: 'shared-map/stripe.js',
    from: 'let isSet = false;\n        let isWhole = false;\n        this.#mutex.enter();',
    to: 'let isSet = false;\n        let isWhole = false;',
  },
  {
    by: 'a death in a set of a new key',
    what: 'an entry is named before it is written',
    file: 'shared-map/stripe.js',
    from: 'this.#write(table.wordsOf(entry), placeIn(entry), next,',
    to: 'release(this.#linkWords, this.#link, entry); this.#write(table.wordsOf(entry), placeIn(entry), next,',
  },
  {
    by: 'a death in a set of a new key',
    what: 'what a dead thread has set is not counted',
    file: 'shared-map/stripe.js',
    from: 'write(this.#words, this.#count, count);\n        this.#end();',
    to: 'this.#end();',
  },
  {
    by: 'a death in a delete, beside a read',
    what: 'an entry is free before the word that names it leads past it',
    file: 'shared-map/stripe.js',
    from: 'release(this.#linkWords, this.#link, read(this.#entryWords, this.#entryAt + NEXT));\n        const former',
    to: 'const next = read(this.#entryWords, this.#entryAt + NEXT); table.give(this.#entry); release(this.#linkWords, this.#link, next);\n        const former',
  },
  {
    by: 'an update beside a set',
    what: 'an update does not look whether the value has changed',
    file: 'shared-map/stripe.js',
    from: 'if (expected === undefined || expected === this.#versionOf(key))',
    to: 'if (this.#versionOf(key) >= 0)',
  },
  {
    by: 'an update beside a set',
    what: 'all entries have one version',
    file: 'shared-map/stripe.js',
    from: 'write(to, at + ENTRY_VERSION, version);',
    to: 'write(to, at + ENTRY_VERSION, 1);',
  },
  {
    by: 'two updates that update each other',
    what: 'an update waits for others while a function of this thread runs',
    file: 'shared-map/updates.js',
    from: 'withinSync(stripe, change, timeout) {\n        if (isUpdating())\n            return change();',
    to: 'withinSync(stripe, change, timeout) {',
  },
  {
    by: 'a death while a chunk is added',
    what: 'memory between two chunks counts as room',
    file: 'shared-map/table.js',
    from: 'write(words, at + END, 0);',
    to: '',
  },
  {
    by: 'a death while a table is made anew',
    what: 'the former table is freed before the new one is named',
    file: 'shared-map/stripe.js',
    from: 'links.set(this.#map, TABLES + this.#index, table?.block.ref ?? 0);\n            if (former !== undefined)\n                links.free(former.block.ref);',
    to: 'if (former !== undefined)\n                links.free(former.block.ref);\n            links.set(this.#map, TABLES + this.#index, table?.block.ref ?? 0);',
  },
]);
