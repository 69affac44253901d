/** The model scheduler itself: it runs exactly the schedules that there are, and what it finds can be run again. */

import { add, compareExchange, load, or, pause, store } from '#src/atomics';
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Block, me } from '#src/memory/index.js';
import { model, modelRandom, modelReplay, type ModelHeap, once } from '#src/testing/model/index.js';
import { Random } from '#src/testing/explore/random.js';
import { failureOf, sleep, wake } from './words.js';

/** Reads and writes back, as `count += 1` does; and looks at something else. */
function increase({ words, at }: Block): void {
  const value = load(words, at);
  store(words, at, value + 1);
  load(words, at + 1);
}

function counting(threads: number, outcomes: number[] = []) {
  return {
    threads: Array.from({ length: threads }, () => increase),
    setup: (heap: ModelHeap) => heap.take(2, 'counter'),
    after: ({ words, at }: Block) => void outcomes.push(words[at]!),
  };
}

const countsRight = (threads: number) => ({
  ...counting(threads),
  after: ({ words, at }: Block) => assert.equal(load(words, at), threads),
});

test('each of the twenty schedules of a counter is run once', () => {
  const outcomes: number[] = [];
  const found = model({ ...counting(2, outcomes), preemptions: Infinity, reduces: false });
  assert.deepEqual([found.schedules, found.steps, found.isComplete], [20, 120, true]);
  assert.equal(outcomes.filter((one) => one === 1).length, 12);
});

test('three threads of three steps have 1680 schedules', (t) => {
  const outcomes: number[] = [];
  const { schedules, perSecond } = model({ ...counting(3, outcomes), preemptions: Infinity, reduces: false });
  assert.equal(schedules, 1680);
  assert.deepEqual(new Set(outcomes), new Set([1, 2, 3]));
  console.log(`${t.name}: ${perSecond} schedules/s`);
});

test('exactly the schedules that differ are run', () => {
  const outcomes: number[] = [];
  // Of the reads and writes of the counter there are four orders: one of the reads is last, or the one or the other write.
  assert.equal(model({ ...counting(2, outcomes), preemptions: Infinity }).schedules, 4);
  assert.deepEqual(
    outcomes.sort((a, b) => a - b),
    [1, 1, 2, 2],
  );
});

test('a bound of pre-emptions is kept', () => {
  // Of threads a and b of three steps each: aaabbb; with one pre-emption also abbbaa and aabbba; with two abaabb, abbaab, aababb and aabbab;
  // with three ababba and abbaba; with four ababab. And as many that b begins.
  const schedules = [0, 1, 2, 3, 4, 5].map((preemptions) => model({ ...counting(2), preemptions, reduces: false }).schedules);
  assert.deepEqual(schedules, [2, 6, 14, 18, 20, 20]);
});

test('a counter that loses a count is found, with as few pre-emptions as it takes', () => {
  const error = failureOf(() => model(countsRight(2)));
  assert.match(error.message, /with 1 pre-emptions at most/);
  assert.deepEqual(
    error.steps.map((step) => step.replaceAll(/ +/g, ' ').trim()),
    [
      'A load counter[0] is 0',
      'B load counter[0] is 0',
      'B store counter[0] := 1',
      'B load counter[1] is 0',
      'A store counter[0] := 1',
      'A load counter[1] is 0',
    ],
  );
});

test('a failure fails again by its schedule', () => {
  const error = failureOf(() => model(countsRight(2)));
  assert.equal(error.schedule, '2:1');
  const again = failureOf(() => modelReplay(countsRight(2), error.schedule));
  assert.deepEqual(again.steps, error.steps);
  assert.match(again.message, /1 !== 2/);
  modelReplay(countsRight(2), '');
  const random = failureOf(() => modelRandom({ ...countsRight(3), seed: 1 }));
  assert.equal(failureOf(() => modelReplay(countsRight(3), random.schedule)).steps.length, 9);
});

test('a counter by compare-and-exchange holds, and its loop ends', () => {
  function increaseByCas({ words, at }: Block): void {
    for (let value = load(words, at); ; ) {
      const found = compareExchange(words, at, value, value + 1);
      if (found === value) return;
      value = found;
    }
  }
  for (const threads of [2, 3]) {
    const test = { ...countsRight(threads), threads: Array.from({ length: threads }, () => increaseByCas) };
    assert.equal(model({ ...test, preemptions: Infinity }).isComplete, true);
    assert.equal(model({ ...test, preemptions: Infinity, reduces: false }).isComplete, true);
  }
});

test('discarded runs have no effect', () => {
  function body({ words, at }: Block): void {
    try {
      try {
        add(words, at, 1);
        add(words, at, 1);
      } finally {
        add(words, at + me - 4096, 1);
      }
    } catch {
      // A careless one, which goes on as if nothing had happened; and is not heard.
      store(words, at, 1000);
    }
  }
  const { schedules } = model({
    threads: [body, body],
    setup: (heap) => heap.take(3, 'counts'),
    after: ({ words, at }) => assert.deepEqual([...words.subarray(at, at + 3)], [4, 1, 1]),
    preemptions: Infinity,
    reduces: false,
  });
  assert.equal(schedules, 20);
});

test('a step of once() is not done again with its body', () => {
  let count = 0;
  let runs = 0;
  const body = ({ words, at }: Block): void => {
    for (let i = 0; i < 3; i += 1) {
      const before = once(() => count++);
      store(words, at, before);
    }
  };
  model({
    threads: [body, body],
    setup: (heap) => {
      count = 0;
      return heap.take(1, 'word');
    },
    after: () => {
      runs += 1;
      assert.equal(count, 6);
    },
    preemptions: 3,
  });
  assert.ok(runs > 20);
});

test('a failure in a step of once() is not swallowed by a finally', () => {
  const body = ({ words, at }: Block): void => {
    store(words, at, 1);
    try {
      once(() => assert.fail('here'));
    } finally {
      store(words, at, 2);
    }
  };
  assert.match(failureOf(() => model({ threads: [body, body], setup: (heap) => heap.take(1, 'word') })).message, /AssertionError.*: here/);
});

test('a body that does another thing when it is run again is found out', () => {
  let runs = 0;
  const body = ({ words, at }: Block): void => {
    runs += 1;
    if (runs % 3 === 0) load(words, at);
    else store(words, at, 0);
    add(words, at, 1);
  };
  const search = () => model({ threads: [body, body], setup: (heap) => heap.take(1, 'word') });
  assert.match(failureOf(search).message, /did another thing when it was run again|not again by the same schedule/);
});

test('a deadlock of threads is reported, with their waits', () => {
  const error = failureOf(() =>
    model({
      threads: [
        function first(block: Block) {
          sleep(block, 0, 0);
        },
        function second(block: Block) {
          wake(block, 0, 1);
        },
      ],
      setup: (heap) => heap.take(1, 'word'),
    }),
  );
  assert.match(error.message, /no thread can go on:\n +first sleeps at word, which was 0 and is 0/);
  assert.equal(error.steps.length, 2);
});

test('a thread that never ends is reported', () => {
  const endless = ({ words, at }: Block): void => {
    for (;;) add(words, at, 1);
  };
  const search = () => model({ threads: [endless], setup: (heap) => heap.take(1, 'word'), maxSteps: 500 });
  assert.match(failureOf(search).message, /EndlessError: it has not ended in 500 steps/);
});

test('a loop that spins has an end of schedules', () => {
  for (const [hint, preemptions, most] of [
    [pause, 2, 200],
    [() => {}, 1, 1000],
  ] as const) {
    const { isComplete, schedules } = model({
      threads: [
        ({ words, at }: Block) => {
          while (load(words, at) === 0) hint();
        },
        ({ words, at }: Block) => {
          while (load(words, at + 1) === 0) hint();
          store(words, at, 1);
        },
        ({ words, at }: Block) => void store(words, at + 1, 1),
      ],
      setup: (heap) => heap.take(2, 'flags'),
      preemptions,
    });
    assert.equal(isComplete, true);
    assert.ok(schedules < most, String(schedules));
  }
});

test('always() is called after every step', () => {
  const error = failureOf(() => model({ ...counting(1), always: ({ words, at }: Block) => assert.ok(load(words, at) < 1, 'too much') }));
  assert.match(error.message, /too much/);
  assert.equal(error.steps.length, 2);
});

test('a reduction leaves out nothing that can be seen', () => {
  const random = new Random(7);
  let pruned = 0;
  let all = 0;
  for (let program = 0; program < 25; program += 1) {
    // With deaths and time-outs there is much more.
    const isEventful = program % 5 === 0;
    const count = isEventful ? 2 : 2 + random.below(2);
    const lists = Array.from({ length: count }, () =>
      Array.from({ length: count === 2 && !isEventful ? 4 : 3 }, () => [random.below(8), random.below(2)] as const),
    );
    const seen: unknown[][] = [];
    const bodies = lists.map((list, number) => (block: Block): void => {
      const { words, at } = block;
      seen[number] = list.map(([operation, index]) => {
        if (operation < 2) return load(words, at + index);
        if (operation === 2) return store(words, at + index, number + 1);
        if (operation === 3) return add(words, at + index, 1);
        if (operation === 4) return compareExchange(words, at + index, 0, number + 1);
        if (operation === 5) return or(words, at + index, 4);
        if (operation === 6) return sleep(block, index, 0, 10);
        return wake(block, index, 1);
      });
      // A thread that wakes up and has nothing more to do may have ended or not.
      load(words, at);
    });
    const outcomes = (reduces: 'states' | 'orders' | false, budgets: object): string[] => {
      const found = new Set<string>();
      const { steps, isComplete } = model({
        threads: bodies,
        setup: (heap) => heap.take(2, 'words'),
        after: ({ words, at }, { now, dead }) =>
          void found.add(JSON.stringify([words[at], words[at + 1], dead.length === 0 && seen, now, dead])),
        preemptions: Infinity,
        reduces,
        ...budgets,
      });
      assert.equal(isComplete, true);
      if (reduces === false) all += steps;
      else pruned += steps;
      return [...found].sort();
    };
    const budgets = isEventful ? { timeouts: 1, deaths: 1 } : {};
    const expected = outcomes(false, budgets);
    assert.deepEqual(outcomes('states', budgets), expected, JSON.stringify(lists));
    assert.deepEqual(outcomes('orders', budgets), expected, JSON.stringify(lists));
  }
  assert.ok(pruned * 2 < all, `${pruned} of ${all}`);
});
