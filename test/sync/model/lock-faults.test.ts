/** Faults in the Lock and in the line of its waiters are found by the cases of `lock-cases.ts`. */

import { findFaults } from './plant.js';

findFaults('lock-cases.js', [
  {
    what: 'two take a free one at once',
    file: 'sync/owned.js',
    from: 'return compareExchange(this.words, this.at + OWNER, 0, me) === 0;',
    to: 'return load(this.words, this.at + OWNER) === 0 && store(this.words, this.at + OWNER, me) === me;',
  },
  {
    what: 'two take it from a dead owner',
    file: 'sync/owned.js',
    from: 'if (compareExchange(this.words, this.at + OWNER, owner, me) !== owner)',
    to: 'if (store(this.words, this.at + OWNER, me) !== me)',
  },
  {
    what: 'whoever releases it does not look whether somebody came meanwhile',
    file: 'sync/owned.js',
    from: 'if (this.mayWait)\n            this.line.callFirst(this.isFair);',
    to: '',
  },
  {
    what: 'anybody takes a reserved one',
    file: 'sync/acquirable.js',
    from: 'return this.isFree() && this.line.first() === waiter && this.takeReserved(isHeld);',
    to: 'return false;',
  },
  {
    what: 'a waiter does not look again before it sleeps',
    file: 'sync/acquirable.js',
    from: 'if (this.takeInLine(waiter, isHeld))\n                return true;\n            const left',
    to: 'if (slices > 0 && this.takeInLine(waiter, isHeld))\n                return true;\n            slices += 1;\n            const left',
  },
  {
    what: 'a waiter that was called and did not get it does not say that it sleeps again',
    file: 'sync/acquirable.js',
    from: 'if (waiter.again())\n                this.line.announce();\n            else {',
    to: 'if (!waiter.again()) {',
  },
  {
    what: 'who leaves does not see to the next',
    file: 'sync/acquirable.js',
    from: 'waiter.free();\n            this.passOn();',
    to: 'waiter.free();',
  },
  {
    what: 'who sees to the next does not say that it waits',
    file: 'sync/acquirable.js',
    from: 'this.line.announce();\n        if (this.isFree())',
    to: 'if (this.isFree())',
  },
  {
    what: 'who sees to the next does not look whether it is free',
    file: 'sync/acquirable.js',
    from: 'if (this.isFree())\n            this.line.callFirst(this.isFair);',
    to: '',
  },
  {
    what: 'a waiter says that it waits before it can be seen',
    file: 'memory/wait-queue.js',
    from: 'waiter.publish(ticket, since, isAsync);\n        this.announce();',
    to: 'this.announce();\n        waiter.publish(ticket, since, isAsync);',
  },
  {
    what: 'an entry is free before it is cleared',
    file: 'memory/wait-queue.js',
    from: 'store(this.#words, this.#at + STATE, SETTING);\n        // ORDER: last; who claims it finds it unpublished.\n        store(this.#words, this.#at + SLOT, 0);',
    to: 'store(this.#words, this.#at + SLOT, 0);\n        store(this.#words, this.#at + STATE, SETTING);',
  },
  {
    what: 'two claim one entry',
    file: 'memory/wait-queue.js',
    from: 'load(this.#words, this.#at + SLOT) === 0 && compareExchange(this.#words, this.#at + SLOT, 0, me) === 0',
    to: 'load(this.#words, this.#at + SLOT) === 0 && store(this.#words, this.#at + SLOT, me) === me',
  },
  {
    what: 'the line is looked at before its mark is cleared',
    file: 'memory/wait-queue.js',
    from: 'const first = this.first();\n            if (first === undefined)\n                return;\n            if (isStrict)',
    to: 'const first = this.first();\n            store(this.#block.words, this.#block.at + WAITING, 0);\n            if (first === undefined)\n                return;\n            if (isStrict)',
  },
  {
    what: 'a call to an event loop whose thread blocks is not taken back',
    file: 'memory/wait-queue.js',
    from: 'if (!first.isAsync || !isBlocked(first.slot) || !first.again())\n                return;',
    to: 'return;',
  },
  {
    what: 'the entries of the dead stay in line',
    file: 'memory/wait-queue.js',
    from: 'else if (waiter.takeFrom(slot)) {',
    to: 'else if (false) {',
  },
  { what: 'a thread that blocks keeps the calls of its event loop', file: 'memory/block-thread.js', from: 'one.pass();', to: ';' },
  { what: 'a thread that blocks does not say so', file: 'memory/block-thread.js', from: 'setBlocked(true);', to: '' },
  { what: 'an event loop does not look when its thread is back', file: 'memory/block-thread.js', from: 'waits.kick();', to: '' },
  {
    what: 'an async waiter does not look when it has come',
    file: 'sync/async-line.js',
    from: '// It may have been released before we stood in line.\n        this.step();',
    to: '',
  },
  {
    what: 'the async waiter behind one that gives up is forgotten',
    file: 'sync/async-line.js',
    from: 'waiter.again();\n        this.of.passOn();\n    }\n}',
    to: '}\n}',
  },
]);
