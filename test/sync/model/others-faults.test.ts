/** Faults in the Semaphore, the Condition, the Event and the Barrier, and in what they stand on, are found by their cases. */

import { findFaults } from './plant.js';

findFaults('event-cases.js', [
  {
    by: 'a thread',
    what: 'who waits does not look when it has come',
    file: 'sync/event.js',
    from: 'while (this.#turns === since) {',
    to: 'for (let isFirst = true; isFirst || this.#turns === since; isFirst = false) {',
  },
  {
    by: 'a thread',
    what: 'who waits is called before it is set',
    file: 'sync/event.js',
    from: 'this.#turn(0);',
    to: 'this.#line.callAll(); this.#turn(0); return;',
  },
  {
    by: 'an event loop',
    what: 'an event loop does not look when it has come',
    file: 'sync/event-line.js',
    from: '// ORDER: in line, then the look; pairs with `set`.\n        this.step();',
    to: '',
  },
  {
    by: 'set for a moment for an event loop',
    what: 'an event loop that was called looks only whether it is set',
    file: 'sync/event-line.js',
    from: 'first.since !== turns',
    to: '(turns & 1) === 1',
  },
  {
    by: 'a wait after the clear',
    what: 'who is called does not look whether it was set since it came',
    file: 'sync/event.js',
    from: 'waiter.again();',
    to: 'if (waiter.isCalled) return true;',
  },
]);

findFaults('semaphore-cases.js', [
  {
    by: 'two threads, one permit',
    what: 'two take one permit',
    file: 'sync/permits.js',
    from: 'const found = compareExchange(this.words, this.at + COUNT, count, count - 1);',
    to: 'const found = load(this.words, this.at + COUNT); if (found === count) store(this.words, this.at + COUNT, count - 1);',
  },
  {
    by: 'three threads, two permits',
    what: 'of two permits that are given back at once one is lost',
    file: 'sync/permits.js',
    from: 'const found = compareExchange(this.words, this.at + COUNT, count, next);',
    to: 'const found = load(this.words, this.at + COUNT); if (found === count) store(this.words, this.at + COUNT, next);',
  },
  {
    by: 'two threads, one permit',
    what: 'what the count was is taken for what it is, and nothing can be given back',
    file: 'sync/permits.js',
    from: 'count = load(this.words, this.at + COUNT);\n                if (freeIn(count) + added > this.#most)',
    to: '',
  },
  {
    by: 'three that hold',
    what: 'of two changes of the count one is lost',
    file: 'sync/permit-count.js',
    from: 'if (compareExchange(words, begin + COUNT, count, next ^ flip) === count)',
    to: 'if (store(words, begin + COUNT, next ^ flip) === (next ^ flip))',
  },
  {
    by: 'two threads, one permit',
    what: 'whoever releases does not look whether somebody waits',
    file: 'sync/permits.js',
    from: 'if (this.mayWait)\n            this.line.callFirst(this.isFair);\n    }\n    drop(isHeld)',
    to: '}\n    drop(isHeld)',
  },
  {
    by: 'a death of one of two that hold',
    what: 'it is not written down what is about to be done',
    file: 'sync/held-permits.js',
    from: 'this.#store(LOG, (holder.index + 1) * 2 + this.#flips);',
    to: '',
  },
  {
    by: 'a death of one of two that hold',
    what: 'what is written down is not to be told from what has been done',
    file: 'sync/held-permits.js',
    from: 'const isDone = changeCount(this.#block, change, FLIPS);',
    to: 'const isDone = changeCount(this.#block, change, 0);',
  },
  {
    by: 'a death of one of two that hold',
    what: 'who holds is written down before it has a permit, for good',
    file: 'sync/held-permits.js',
    from: 'const isDone = changeCount(this.#block, change, FLIPS);',
    to: 'holder.value = value; const isDone = changeCount(this.#block, change, FLIPS);',
  },
  {
    by: 'a death of one of two that hold',
    what: 'nobody repairs what one who died in the mutex has left',
    file: 'sync/robust-mutex.js',
    from: 'if (dead !== 0)',
    to: 'if (false)',
  },
  {
    by: 'a death of one of two that hold',
    what: 'what the dead held does not go back',
    file: 'sync/held-permits.js',
    from: 'const held = dead.value;',
    to: 'const held = 0;',
  },
  {
    by: 'two that hold',
    what: 'who leaves the mutex wakes nobody',
    file: 'sync/robust-mutex.js',
    from: 'if (exchange(this.#words, this.#at, 0) < 0)',
    to: 'if (exchange(this.#words, this.#at, 0) < -0x80000000)',
  },
  {
    by: 'three that hold',
    what: 'who has slept for the mutex does not say that others may sleep',
    file: 'sync/robust-mutex.js',
    from: 'const mine = me | SLEPT_FOR;',
    to: 'const mine = me;',
  },
]);

findFaults('condition-cases.js', [
  {
    by: 'one that waits',
    what: 'who waits gives the lock up before it stands in line',
    file: 'sync/condition-wait-sync.js',
    from: 'const waiter = line.join(false);\n    const taken = lock.dropAll();',
    to: 'const taken = lock.dropAll();\n    const waiter = line.join(false);',
  },
  {
    by: 'an event loop',
    what: 'an event loop gives the lock up before it stands in line',
    file: 'sync/condition-wait.js',
    from: 'this.#waiter = this.#line.joinAsync(this);\n        this.#taken = this.#lock.dropAll();',
    to: 'this.#taken = this.#lock.dropAll();\n        this.#waiter = this.#line.joinAsync(this);',
  },
  {
    by: 'one that waits',
    what: 'who was notified goes on without the lock',
    file: 'sync/condition-wait-sync.js',
    from: 'lock.takeBackSync();',
    to: 'undefined;',
  },
  {
    by: "a time-out, and a notification that is another one's",
    what: 'a notification that comes with the end of the time is lost',
    file: 'sync/condition-wait-sync.js',
    from: 'return waiter.withdraw() ? LATE : NOTIFIED;',
    to: 'return LATE;',
  },
  {
    by: 'a death of one of two that wait',
    what: 'the notification of a dead one is lost',
    file: 'sync/condition.js',
    from: 'if (dead.isCalled)',
    to: 'if (false)',
  },
  {
    by: 'a death of one of two that wait',
    what: 'one can be called while somebody takes it for dead',
    file: 'memory/wait-queue.js',
    from: 'waiter.withdraw();\n                this.#heirs',
    to: 'this.#heirs',
  },
]);

findFaults('barrier-cases.js', [
  {
    by: 'four for two places',
    what: 'two are in the mutex',
    file: 'sync/robust-mutex.js',
    from: 'if (compareExchange(this.#words, this.#at, 0, me) === 0)\n            return;',
    to: 'if (exchange(this.#words, this.#at, me) !== me)\n            return;',
  },
  {
    by: 'two threads',
    what: 'two have one rank',
    file: 'sync/parties.js',
    from: 'entry.more = rank;',
    to: 'entry.more = 0;',
  },
  {
    by: 'two threads, twice',
    what: 'who is called is told afterwards what of',
    file: 'sync/parties.js',
    from: 'if (entry.value === CHOSEN || entry.value === TRIPS)\n                entry.value = PASSED;\n            if (entry.value === PASSED)\n                entry.call();',
    to: 'entry.call(); if (entry.value === CHOSEN || entry.value === TRIPS) entry.value = PASSED;',
  },
  {
    by: 'four for two places, with an action',
    what: 'who comes while the action runs is forgotten',
    file: 'sync/parties.js',
    from: '// Others may have come meanwhile, enough for the next time.\n        this.#tripIfFull();',
    to: '',
  },
  {
    by: 'a death of one of three',
    what: 'some pass and others do not, when one dies who tells them',
    file: 'sync/parties.js',
    from: 'if (this.#state === RELEASING)',
    to: 'if (false)',
  },
  {
    by: 'a death of one who had come',
    what: 'a dead party breaks nothing',
    file: 'sync/parties.js',
    from: 'ofWaiter: (dead) => this.#diedWaiting(dead)',
    to: 'ofWaiter: () => {}',
  },
  {
    by: 'a time-out',
    what: 'who gives up breaks it although it has passed',
    file: 'sync/parties.js',
    from: 'if (isUndecided(entry.value))\n                this.#break();\n        });\n    }\n    abort',
    to: 'this.#state = FILLING; entry.value = FAILED;\n        });\n    }\n    abort',
  },
]);
