/** How long a thread looks before it sleeps, under a clock and a number of cores of its own. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Look, type LookGround } from '#src/memory/look.js';

/** Each pause takes 50 ns; what is waited for comes after so many milliseconds. */
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
  assert.ok(ground.looks <= 8, `${ground.looks} looks`);
});

test('looking that helps again becomes longer again', () => {
  const ground = new Ground(2);
  const look = new Look(ground);
  for (let i = 0; i < 100; i += 1) ground.wait(look, 10);
  const least = look.budget;
  for (let i = 0; i < 50; i += 1) assert.equal(ground.wait(look, 0.0001), true);
  assert.ok(look.budget > 0.04 && look.budget > least, `${look.budget}`);
});

test('no wait looks for longer than a wake-up takes', () => {
  const ground = new Ground(4);
  const look = new Look(ground);
  const before = ground.now();
  assert.equal(ground.wait(look, 10), false);
  assert.ok(ground.now() - before < 0.051);
});

test('on one core nothing is looked at', () => {
  const ground = new Ground(1);
  assert.equal(ground.wait(new Look(ground), 0), false);
  assert.equal(ground.looks, 0);
});
