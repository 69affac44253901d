/** The heap's guard: a dead owner is succeeded, a waiter is woken, and there is never a second owner. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Guard } from '#src/memory/heap/guard.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { killAt, PlainWorld, type PlainThread } from './plain-memory.ts';

const word = (world: PlainWorld): number => world.segments[0]![headerFields.guard]!;
const guardOf = ({ memory, agent }: PlainThread): Guard => new Guard(memory, agent.id);

test('the guard of a dead thread is taken over, and the death reported', () => {
  const world = new PlainWorld();
  const [a, b] = [world.thread(), world.thread()];
  guardOf(a).enter();
  a.die();
  const guard = guardOf(b);
  guard.enter();
  assert.equal(word(world) & 0x7fff_ffff, b.agent.id);
  assert.equal(world.segments[0]![headerFields.isSweepDue], 1);
  assert.equal(world.sleeps, 0, 'a dead owner is not waited for');
  guard.leave();
  assert.equal(word(world), 0);
});

test('a guard is not entered while a living thread is in it', () => {
  const world = new PlainWorld();
  const [a, b] = [world.thread(), world.thread()];
  const [first, second] = [guardOf(a), guardOf(b)];
  first.enter();
  const seen: number[] = [];
  world.whileAsleep = () => {
    seen.push(word(world));
    if (world.sleeps === 3) first.leave();
  };
  second.enter();
  assert.deepEqual(
    seen.map((id) => id & 0x7fff_ffff),
    [a.agent.id, a.agent.id, a.agent.id],
  );
  assert.ok(
    seen.every((id) => id < 0),
    'the waiter said so',
  );
  second.leave();
});

test('a waiter is woken, and no system call is made without one', () => {
  const world = new PlainWorld();
  const [a, b] = [world.thread(), world.thread()];
  let wakes = 0;
  a.memory.wake = () => void (wakes += 1);
  const [first, second] = [guardOf(a), guardOf(b)];
  first.enter();
  first.leave();
  assert.equal(wakes, 0);
  first.enter();
  world.whileAsleep = () => first.leave();
  second.enter();
  assert.equal(wakes, 1);
  // Others may have slept, too: a former waiter wakes one of them.
  b.memory.wake = () => void (wakes += 1);
  second.leave();
  assert.equal(wakes, 2);
});

test('a thread that was thrown out of the guard does not wait for itself', () => {
  const world = new PlainWorld();
  const a = world.thread();
  const guard = guardOf(a);
  assert.ok(
    killAt(
      (step) => step === 'guard.leave',
      () => {
        guard.enter();
        guard.leave();
      },
    ),
  );
  guard.enter();
  guard.leave();
  assert.equal(word(world), 0);
});
