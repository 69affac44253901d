/** The public surface of the locks and the rest: the promised methods, no trace of the inside, and a line when they are printed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from 'heddle';

const taking = ['acquire', 'acquireSync', 'hold', 'holdSync', 'locked', 'release', 'run', 'statistics', 'tryAcquire'];

/** The common methods of shared objects: a text form, also in JSON. */
const shared = ['toJSON', 'toString'];

class Mine extends Lock {}
class Few extends BoundedSemaphore {}

const kinds: { object: object; members: string[]; printed: RegExp }[] = [
  { object: new Lock(), members: [...taking, 'owner'], printed: /^<Lock unlocked>$/ },
  { object: new Mine(), members: [...taking, 'owner'], printed: /^<Mine unlocked>$/ },
  { object: new RLock(), members: [...taking, 'owner'], printed: /^<RLock unlocked>$/ },
  { object: new Semaphore(2), members: [...taking, 'getValue'], printed: /^<Semaphore with 2 permits>$/ },
  { object: new BoundedSemaphore(), members: [...taking, 'getValue'], printed: /^<BoundedSemaphore with 1 of 1 permits>$/ },
  { object: new Few(0), members: [...taking, 'getValue'], printed: /^<Few with 0 of 0 permits>$/ },
  {
    object: new Condition(new Mine()),
    members: [...taking, 'notify', 'notifyAll', 'owner', 'wait', 'waitFor', 'waitForSync', 'waitSync'],
    printed: /^<Condition with Mine unlocked>$/,
  },
  { object: new Event(), members: ['clear', 'isSet', 'set', 'statistics', 'wait', 'waitSync'], printed: /^<Event not set>$/ },
  {
    object: new Barrier(2),
    members: ['abort', 'broken', 'nWaiting', 'parties', 'reset', 'statistics', 'wait', 'waitSync'],
    printed: /^<Barrier with 0 of 2 waiting>$/,
  },
];

/** Own and inherited members. */
function membersOf(object: object): string[] {
  const members = new Set(Object.getOwnPropertyNames(object));
  for (let at: object = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) members.add(name);
  members.delete('constructor');
  return [...members].sort();
}

for (const { object, members, printed } of kinds) {
  const { name } = object.constructor;
  test(`${name}: nothing of its inside is seen`, () => {
    assert.deepEqual(membersOf(object), [...members, ...shared].toSorted());
    assert.deepEqual(
      Object.getOwnPropertyNames(object.constructor).filter((key) => !['length', 'name', 'prototype'].includes(key)),
      [],
    );
  });

  test(`${name}: it is printed as what it is, without its inside`, () => {
    assert.match(inspect(object), printed);
  });
}

test('a held lock is printed with its owner', () => {
  const [lock, rlock] = [new Lock(), new RLock()];
  lock.acquireSync();
  assert.match(inspect(lock), new RegExp(`^<Lock held by MainProcess \\(pid ${process.pid}, thread 0\\)>$`));
  for (let i = 0; i < 2; i += 1) rlock.acquireSync();
  assert.match(inspect(rlock), new RegExp(`^<RLock held by MainProcess \\(pid ${process.pid}, thread 0\\), 2 times>$`));
});

test('a condition is printed with how many wait for a notification', async () => {
  const condition = new Condition();
  const waits = await Promise.all(
    [1, 2].map(async () => {
      await condition.acquire();
      return [condition.wait()];
    }),
  );
  assert.equal(inspect(condition), '<Condition with Lock unlocked, 2 waiting>');
  await condition.acquire();
  condition.notify(2);
  assert.match(inspect(condition), /^<Condition with Lock held by MainProcess \(pid \d+, thread 0\)>$/);
  condition.release();
  for (const [wait] of waits) {
    await wait;
    condition.release();
  }
});

test('an object that only looks like a lock can be printed', () => {
  assert.equal(inspect(Object.create(Lock.prototype)), '<Lock>');
});
