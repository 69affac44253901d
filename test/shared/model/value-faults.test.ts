/** Faults in the Value are found by the cases of `value-cases.ts`. */

import { findFaults } from '../../sync/model/plant.js';

findFaults('../../shared/model/value-cases.js', [
  {
    by: 'two threads add integers',
    what: 'an addition is a read and a write',
    file: 'shared/cells.js',
    from: 'if (compareExchange(this.#array, index, before, next) === before)',
    to: 'if (store(this.#array, index, next) === next)',
  },
  {
    by: 'two threads add integers without a sign',
    what: 'an addition of integers without a sign is a read and a write',
    file: 'shared/cells.js',
    from: 'if (compareExchange(this.#words, index, before, next | 0) === before)',
    to: 'if (store(this.#words, index, next | 0) === (next | 0))',
  },
  {
    by: 'two threads add floats',
    what: 'an addition of floats is a read and a write',
    file: 'shared/cells.js',
    from: 'if (compareExchange(this.#words, index, before, next) === before)',
    to: 'if (store(this.#words, index, next) === next)',
  },
  {
    by: 'an update that fails beside two',
    what: 'an update that fails keeps the lock',
    file: 'shared/guarding-lock.js',
    from: 'const guard = this.get().holdSync(options);\n        try {\n            return change();\n        }\n        finally {\n            guard[Symbol.dispose]();\n        }',
    to: 'const guard = this.get().holdSync(options);\n        const result = change();\n        guard[Symbol.dispose]();\n        return result;',
  },
]);
