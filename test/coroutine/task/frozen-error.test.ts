/** A program may have frozen `Error`, as hardened ones do. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

test('greenlets are spawned and killed, and errors travel, where Error cannot be changed', () => {
  const program = `
    Object.freeze(Error);
    const { spawn, sleep } = await import('heddle/coroutine');
    const { Thread, setExceptHook } = await import('heddle');
    setExceptHook(() => {});
    const greenlet = spawn(function* () { yield* sleep(1e6); });
    await spawn(function* () { yield* sleep(); yield* greenlet.kill(); });
    console.log(greenlet.dead, await spawn(() => 5));
    const thread = new Thread({ target: () => { throw new RangeError('thrown'); } }).start();
    await thread.join();
    console.log(thread.error instanceof RangeError, thread.error.message);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(printed, 'true 5\ntrue thrown\n');
});
