/** A lifeline by itself: one child in an endless loop at its end. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Lifeline, features } from '#src/platform/index.js';

const skip = features().lifeline ?? false;

async function busyChild(lifeline: Lifeline): Promise<ChildProcess> {
  const one = spawn(process.execPath, ['-e', "require('node:fs').writeSync(1, 'x'); for (;;);"], {
    stdio: ['ignore', 'pipe', 'inherit', lifeline.childEnd],
  });
  lifeline.arm(one.pid!);
  await once(one.stdout!, 'data');
  return one;
}

/** Handles are closed at the end of a turn of the loop. */
const closed = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('a busy child outlives its lifeline', { skip }, async () => {
  const lifeline = new Lifeline();
  const one = await busyChild(lifeline);
  lifeline.release();
  assert.deepEqual(await once(one, 'exit'), [null, 'SIGKILL']);
});

test('a child is killed by a lifeline that was disarmed', { skip }, async () => {
  const lifeline = new Lifeline();
  const one = await busyChild(lifeline);
  lifeline.disarm();
  lifeline.release();
  await closed();
  one.kill('SIGTERM');
  assert.deepEqual(await once(one, 'exit'), [null, 'SIGTERM']);
});

test('a lifeline whose child has ended leaves a descriptor', { skip }, async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const round = async (): Promise<void> => {
    const lifeline = new Lifeline();
    const one = spawn(process.execPath, ['-e', ''], { stdio: ['ignore', 'ignore', 'ignore', lifeline.childEnd] });
    lifeline.arm(one.pid!);
    await once(one, 'exit');
    lifeline.release();
    await closed();
  };
  await round();
  const before = open();
  for (let i = 0; i < 3; i++) await round();
  assert.equal(open(), before);
});
