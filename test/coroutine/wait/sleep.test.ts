/** `sleep(0)`: whose turn it is after it. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { joinAll, sleep, spawn } from 'heddle/coroutine';

test('a sleep of no time stands in line once, before greenlets that begin after it', async () => {
  const said: string[] = [];
  const first = spawn(function* () {
    yield* sleep(0);
    said.push('sleeper');
  });
  const second = spawn(() => spawn(() => said.push('came later')));
  await joinAll([first, second]);
  assert.deepEqual(said, ['sleeper', 'came later']);
});

test('a sleep for no time that is waited for later begins anew', async () => {
  const g = spawn(function* () {
    const nap = sleep(0);
    yield* sleep(1);
    let isOver = true;
    spawn(() => (isOver = false));
    yield* nap;
    return isOver;
  });
  assert.equal(await g, true);
});
