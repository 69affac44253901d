/** Pipes that are made, sent, dropped and whose owners are killed leave the heap's bytes where they were. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, Pipe, Process } from 'heddle';
import { collect, heapStatistics } from 'heddle/lowlevel';
import { isNative } from '../sync/crew.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

/** Ledgers keep a page, and lines what was in them. */
const slack = 16_384;

/** One round in this thread: of four pipes each is dropped in another way. */
function round(): void {
  const [one, other] = Pipe();
  one.sendSync('message');
  one.sendSync(new Uint8Array(10_000));
  const [carrier, carried] = Pipe();
  carrier.sendSync(other);
  other.close();
  const again = carried.recvSync() as Connection;
  carrier.close();
  carried.close();
  assert.equal(again.recvSync(), 'message');
  const [inner, outer] = Pipe(false);
  again.sendSync({ inner });
  inner.close();
  outer.close();
  // Both ends go, with what was not received.
  again.close();
  one.close();
  const [self, peer] = Pipe();
  self.sendSync(peer);
  peer.sendSync(self);
  self.close();
  peer.close();
}

function used(): number {
  collect();
  return heapStatistics().used;
}

test('rounds of making, sending and dropping leave the bytes of the heap where they were', () => {
  for (let n = 0; n < 20; n += 1) round();
  const before = used();
  for (let n = 0; n < (isLong ? 10_000 : 300); n += 1) round();
  assert.ok(used() <= before + slack, `${before} bytes before, ${heapStatistics().used} after`);
});

test('rounds in which an owner is killed leave the bytes of the heap where they were', {
  skip: isNative ? false : 'needs processes',
}, async () => {
  const kill = async (): Promise<void> => {
    const [here, there] = Pipe();
    const child = new Process({
      target: (end: Connection) => {
        const [mine, given] = Pipe();
        mine.sendSync(new Uint8Array(50_000));
        end.sendSync(given);
        end.sendSync(end);
        process.kill(process.pid, 'SIGKILL');
      },
      args: [there],
    }).start();
    there.close();
    const given = (await here.recv()) as Connection;
    assert.equal(((await given.recv()) as Uint8Array).length, 50_000);
    await child.join();
    assert.throws(() => given.recvSync(), /closed/);
    given.close();
    const its = (await here.recv()) as Connection;
    its.close();
    assert.throws(() => here.sendSync(1), /closed/);
    here.close();
  };
  await kill();
  const before = used();
  for (let n = 0; n < (isLong ? 1000 : 6); n += 1) await kill();
  assert.ok(used() <= before + slack, `${before} bytes before, ${heapStatistics().used} after`);
});
