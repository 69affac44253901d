/** How long a thread looks before it sleeps, under a clock and a number of cores of its own. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Look, type LookGround } from '#src/look.js';

/** Each pause takes 50 ns; the event comes after a number of milliseconds. */
class Ground implements LookGround {
  readonly cores: number;
  #now = 0;
  looks = 0;

  constructor(cores: number) {
    this.cores = cores;
  }

  readonly now = (): number => this.#now;
  readonly pause = (): void => {
    this.#now += 0.000_05;
  };
  /** Steps that come after the next turn of the event loop, and the longest time that one took. */
  readonly turns: (() => void)[] = [];
  longestStep = 0;
  readonly afterTurn = (step: () => void): (() => void) => {
    this.turns.push(step);
    return () => void this.turns.splice(this.turns.indexOf(step), 1);
  };

  /** Lets the event loop turn, with some milliseconds of other work, until nothing is left for it. */
  turn(otherWork: number): void {
    for (let step = this.turns.shift(); step !== undefined; step = this.turns.shift()) {
      this.#now += otherWork;
      const before = this.#now;
      step();
      this.longestStep = Math.max(this.longestStep, this.#now - before);
    }
  }

  /** Looks from the event loop for something that comes later. */
  waitFromLoop(look: Look, ms: number, otherWork: number): boolean | undefined {
    const at = this.#now + ms;
    let result: boolean | undefined;
    look.fromLoop(
      () => this.#now >= at,
      (isFound) => (result = isFound),
    );
    this.turn(otherWork);
    return result;
  }

  /** Looks for something that comes later. */
  wait(look: Look, ms: number): boolean {
    const at = this.#now + ms;
    return look.until(() => {
      this.looks += 1;
      return this.#now >= at;
    });
  }
}

test('what comes within a wake-up is found without sleeping', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  assert.equal(ground.wait(look, 0.03), true);
  assert.equal(look.budget, 0.05);
});

test('looking that never helps becomes a few looks', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  for (let i = 0; i < 100; i += 1) assert.equal(ground.wait(look, 10), false);
  ground.looks = 0;
  assert.equal(ground.wait(look, 10), false);
  assert.equal(ground.looks, 1);
  assert.equal(look.budget, 0);
});

test('looking that never helps is tried again, more and more seldom', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  const trials: number[] = [];
  for (let i = 0; i < 8192; i += 1) {
    ground.looks = 0;
    assert.equal(ground.wait(look, 10), false);
    if (look.budget === 0 && ground.looks > 1) trials.push(i);
  }
  const between = trials.slice(1).map((at, i) => at - trials[i]!);
  assert.ok(trials.length < 16, `${trials.length} trials`);
  assert.deepEqual(
    between.toSorted((one, other) => one - other),
    between,
  );
  assert.equal(between.at(-1), 1024);
});

test('two ends that have given up find out that looking would help', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  for (let i = 0; i < 100; i += 1) ground.wait(look, 10);
  assert.equal(look.budget, 0);
  // The other end sleeps, too: it answers after a wake-up, so that one look never sees it.
  let waits = 0;
  while (!ground.wait(look, 0.01)) waits += 1;
  assert.ok(waits < 1024, `${waits} waits`);
  assert.equal(look.budget, 0.05);
});

test('looking that helps again becomes longer again', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  for (let i = 0; i < 100; i += 1) ground.wait(look, 10);
  const least = look.budget;
  for (let i = 0; i < 50; i += 1) assert.equal(ground.wait(look, 0), true);
  assert.ok(look.budget > 0.04 && look.budget > least, `${look.budget}`);
});

test('no wait looks for longer than a wake-up takes', () => {
  const ground = new Ground(4);
  const look = new Look(ground);
  const before = ground.now();
  assert.equal(ground.wait(look, 10), false);
  assert.ok(ground.now() - before < 0.051);
});

test('a wary end gives up after a few waits in vain, counts those for which one look is enough, and has half the time after a trial that helped', () => {
  const ground = new Ground(2);
  const look = new Look(ground, true);
  let waits = 0;
  for (; look.budget > 0; waits += 1) {
    assert.equal(look.passes(), false);
    assert.equal(ground.wait(look, 10), false);
  }
  assert.ok(waits < 16, `${waits} waits`);
  const between: number[] = [];
  for (let trial = 0; trial < 5; trial += 1) {
    let passed = 0;
    while (look.passes()) passed += 1;
    between.push(passed);
    assert.equal(ground.wait(look, 10), false);
  }
  assert.deepEqual(between, [31, 63, 127, 255, 255]);
  while (look.passes());
  assert.equal(ground.wait(look, 0.01), true);
  assert.equal(look.budget, 0.025);
});

test('on one core nothing is looked at', () => {
  const ground = new Ground(1);
  assert.equal(ground.wait(new Look(ground), 0), false);
  assert.equal(ground.looks, 0);
});

test('an event loop finds what comes soon, and its timers and sockets have their turn meanwhile', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  assert.equal(ground.waitFromLoop(look, 0.02, 0.001), true);
  assert.ok(ground.longestStep < 0.0021, `${ground.longestStep}`);
});

test('an event loop that has other work looks no longer than it would without', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  const before = ground.now();
  assert.equal(ground.waitFromLoop(look, 10, 0.03), false);
  assert.ok(ground.now() - before < 0.1, `${ground.now() - before}`);
});

test('an event loop looks no more when the wait is taken back', () => {
  const ground = new Ground(2);
  let looks = 0;
  const takeBack = new Look(ground).fromLoop(
    () => (looks += 1) > 1000,
    () => assert.fail('it has ended'),
  );
  assert.equal(ground.turns.length, 1);
  const before = looks;
  takeBack();
  ground.turn(0);
  assert.equal(looks, before);
});

test('an event loop that never finds anything gives up looking', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  for (let i = 0; i < 100; i += 1) assert.equal(ground.waitFromLoop(look, 10, 0), false);
  assert.equal(look.budget, 0);
  const before = ground.now();
  assert.equal(ground.waitFromLoop(look, 10, 0), false);
  assert.equal(ground.now(), before);
});

test('on one core an event loop does not look', () => {
  const ground = new Ground(1);
  assert.equal(ground.waitFromLoop(new Look(ground), 0, 0), false);
  assert.equal(ground.turns.length, 0);
});
