/** A signal that was aborted before the call ends the wait, also where nothing would have to be waited for. */

import assert from 'node:assert/strict';
import { Condition, Event, Lock, RLock, Semaphore } from 'heddle/coroutine';
import { both } from '../both-kinds.js';

const reason = new Error('enough');
const late = { signal: AbortSignal.abort(reason) };
const isReason = (error: unknown): boolean => error === reason;

both('a call with an aborted signal takes nothing that is free', function* ({ start }) {
  for (const one of [new Lock(), new RLock(), new Semaphore(1)]) {
    const taker = start(function* () {
      yield one.acquire(late);
    });
    yield taker.join();
    assert.equal(taker.exception, reason);
    yield assert.rejects(one.hold(late), isReason);
    assert.equal(one.statistics().waiting, 0);
    assert.equal(yield one.acquire(0), true, 'it is free');
    one.release();
  }
});

both('a call with an aborted signal does not see what has come', function* () {
  const event = new Event();
  event.set();
  yield assert.rejects(event.wait(late), isReason);
  yield assert.rejects(new Semaphore(1).wait(late), isReason);
  const condition = new Condition();
  yield condition.acquire();
  yield assert.rejects(
    condition.waitFor(() => true, late),
    isReason,
  );
  assert.equal(condition.locked(), true, 'it has its lock back');
  condition.release();
});
