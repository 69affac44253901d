/** The heap of times, under a clock that the test moves. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { addTimer, type Clock, now, removeTimer, replaceClock, systemClock, type Timed } from '#src/loop/index.js';

class HandClock implements Clock {
  time = 0;
  alarm: { time: number; fire: () => void } | undefined;

  now(): number {
    return this.time;
  }

  arm(time: number, fire: () => void): void {
    this.alarm = { time, fire };
  }

  disarm(): void {
    this.alarm = undefined;
  }

  /** As a clock does: the alarm as often as it is due. */
  moveTo(time: number): void {
    this.time = time;
    while (this.alarm !== undefined && this.alarm.time <= time) {
      const { fire } = this.alarm;
      this.alarm = undefined;
      fire();
    }
  }
}

class Entry implements Timed {
  at = 0;
  place = -1;
  seq = 0;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}

/** Runs under a clock of its own, and puts the system's back. */
function underHandClock(body: (clock: HandClock) => void): void {
  const clock = new HandClock();
  const before = replaceClock(clock);
  try {
    body(clock);
  } finally {
    replaceClock(before);
  }
}

const command = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 50 }).map((ms) => ({ add: ms })) },
  { weight: 2, arbitrary: fc.nat(200).map((which) => ({ remove: which })) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }).map((ms) => ({ move: ms })) },
);

test('timers expire in time, in order, once, and not after they were removed', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      underHandClock((clock) => {
        let waiting: { id: number; at: number; entry: Entry }[] = [];
        const expired: number[] = [];
        commands.forEach((one, id) => {
          if ('add' in one) {
            const entry = new Entry(() => expired.push(id));
            addTimer(entry, one.add);
            waiting.push({ id, at: clock.time + one.add, entry });
          } else if ('remove' in one) {
            const [removed] = waiting.splice(one.remove % Math.max(waiting.length, 1), 1);
            if (removed !== undefined) removeTimer(removed.entry);
          } else {
            clock.moveTo(clock.time + one.move);
            const due = waiting.filter(({ at }) => at <= clock.time).toSorted((a, b) => a.at - b.at || a.id - b.id);
            assert.deepEqual(
              expired.splice(0),
              due.map((timer) => timer.id),
            );
            waiting = waiting.filter(({ at }) => at > clock.time);
            if (waiting.length === 0) assert.equal(clock.alarm, undefined);
            else assert.ok(clock.alarm !== undefined && clock.alarm.time <= Math.min(...waiting.map(({ at }) => at)));
          }
        });
        for (const { entry } of waiting) removeTimer(entry);
        assert.equal(clock.alarm, undefined, 'an alarm without a timer keeps the program alive');
      });
    }),
    { numRuns: 500 },
  );
});

test('a timer that is added while timers expire waits for the next moment', () => {
  underHandClock((clock) => {
    const said: string[] = [];
    const again = new Entry(() => said.push('again'));
    addTimer(
      new Entry(() => {
        said.push('first');
        addTimer(again, 0);
      }),
      5,
    );
    addTimer(new Entry(() => said.push('second')), 5);
    clock.time = 5;
    const { fire } = clock.alarm!;
    fire();
    assert.deepEqual(said, ['first', 'second']);
    clock.moveTo(5);
    assert.deepEqual(said, ['first', 'second', 'again']);
  });
});

test('a timer removed by another of the same moment does not expire', () => {
  underHandClock((clock) => {
    const said: string[] = [];
    const victim = new Entry(() => said.push('victim'));
    addTimer(new Entry(() => removeTimer(victim)), 1);
    addTimer(victim, 1);
    clock.moveTo(10);
    assert.deepEqual(said, []);
    assert.equal(victim.place, -1);
  });
});

test('an infinite time does not arm the clock', () => {
  underHandClock((clock) => {
    addTimer(new Entry(() => {}), Infinity);
    assert.equal(clock.alarm, undefined);
  });
});

test('a change of the clock keeps the time that was waited already', () => {
  const said: string[] = [];
  underHandClock((outer) => {
    addTimer(new Entry(() => said.push('x')), 100);
    outer.time = 60;
    underHandClock((inner) => {
      inner.moveTo(39);
      assert.deepEqual(said, []);
      inner.moveTo(40);
      assert.deepEqual(said, ['x']);
    });
  });
});

test('the system clock never fires before its time', async () => {
  assert.equal(replaceClock(systemClock), systemClock);
  for (const ms of [0.5, 1, 2.3, 5]) {
    const begin = now();
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await new Promise<void>((resolve) => addTimer(new Entry(resolve), ms));
    assert.ok(now() >= begin + ms);
  }
});
