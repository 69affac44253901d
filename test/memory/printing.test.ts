/** The printed form of a shared object. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Word } from 'heddle/lowlevel';
import workerThreads from 'node:worker_threads';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from 'heddle';

/** Node 20 copies an object without anything. */
const { markAsUncloneable } = workerThreads as { readonly markAsUncloneable?: unknown };

test('a shared object is printed without the memory of others', () => {
  const lock = new Lock();
  assert.equal(inspect({ lock, word: new Word() }), '{ lock: <Lock unlocked>, word: <Word 0> }');
  lock.acquireSync();
  assert.match(inspect(lock), new RegExp(`^<Lock held by .*pid ${process.pid}.*>$`));
  lock.release();
});

test('a copy of an object, or of its fields, has no access to the heap', () => {
  for (const one of [
    new Lock(),
    new RLock(),
    new Semaphore(2),
    new BoundedSemaphore(2),
    new Condition(),
    new Event(),
    new Barrier(2),
    new Word(),
  ]) {
    const text = inspect(one);
    assert.match(text, /^<\w+/);
    assert.equal(String(one), text);
    assert.equal(JSON.stringify([one]), JSON.stringify([text]));
    const fields = Object.values(one);
    assert.ok(!fields.some((field) => ArrayBuffer.isView(field) || typeof field === 'number'), `${text} shows ${inspect(fields)}`);
    if (markAsUncloneable === undefined) continue;
    assert.throws(() => structuredClone({ one }), { name: 'DataCloneError' });
  }
});
