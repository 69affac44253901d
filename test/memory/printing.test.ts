/** What a shared object looks like when it is printed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Word } from 'heddle/lowlevel';
import { Lock } from '#dist/sync/index.js';

test('a shared object is printed with the memory of all others', () => {
  const lock = new Lock();
  assert.equal(inspect({ lock, word: new Word() }), '{ lock: <Lock unlocked>, word: <Word 0> }');
  lock.acquireSync();
  assert.match(inspect(lock), new RegExp(`^<Lock held by .*pid ${process.pid}.*>$`));
  lock.release();
});
