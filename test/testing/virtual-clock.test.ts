/** The virtual clock: how it jumps, what it waits for, and what it leaves. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { setTimeout as realSleep } from 'node:timers/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { InvalidStateError } from 'heddle';
import { joinAll, sleep, spawn, spawnLater, until } from 'heddle/coroutine';
import { virtualClock } from 'heddle/testing';
import { unkilled } from '../coroutine/unkilled.ts';

test('a long sleep takes no time', async () => {
  using clock = virtualClock();
  await sleep(365 * 24 * 3_600_000);
  assert.equal(clock.now(), 365 * 24 * 3_600_000);
});

test('events at several times come in order, at their times', async () => {
  using clock = virtualClock();
  const log: [string, number][] = [];
  const say = (name: string): unknown => log.push([name, clock.now()]);
  await joinAll([
    spawn(function* () {
      for (let i = 0; i < 3; i += 1) {
        yield* sleep(100);
        say('generator');
      }
    }),
    spawn(async () => {
      await sleep(100);
      say('async');
      await sleep(50);
      say('async');
    }),
    spawnLater(120, () => say('later')),
  ]);
  assert.deepEqual(log, [
    ['generator', 100],
    ['async', 100],
    ['later', 120],
    ['async', 150],
    ['generator', 200],
    ['generator', 300],
  ]);
});

test('no time passes while a greenlet can go on', async () => {
  using clock = virtualClock();
  const seen: number[] = [];
  const busy = spawn(function* () {
    for (let i = 0; i < 10_000; i += 1) yield* sleep(0);
    seen.push(clock.now());
  });
  const promises = spawn(async () => {
    for (let i = 0; i < 10_000; i += 1) await Promise.resolve();
    seen.push(clock.now());
  });
  await sleep(1);
  await joinAll([busy, promises]);
  assert.deepEqual(seen, [0, 0]);
});

/** Node 26 does not list that it reads a file. */
function showsFiles(): boolean {
  void readFile(fileURLToPath(import.meta.url));
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

test('a file that is read wins against a timeout', {
  skip: !showsFiles() && 'this Node does not show that a file is being read',
}, async () => {
  using clock = virtualClock({ quiet: 0 });
  const path = fileURLToPath(import.meta.url);
  const late = spawnLater(1, () => {});
  const text = await spawn(async () => await readFile(path, 'utf8'));
  assert.match(unkilled(text), /^\/\*\* The virtual clock/);
  assert.deepEqual([late.dead, clock.now()], [false, 0]);
  await late;
  assert.equal(clock.now(), 1);
});

test('until() of work that the system does not show wins against a timeout', async () => {
  using clock = virtualClock({ quiet: Infinity });
  const late = spawnLater(1, () => {});
  const packed = await until(promisify(gzip)(Buffer.alloc(3_000_000)));
  assert.ok(packed.length > 0);
  assert.deepEqual([late.dead, clock.now()], [false, 0]);
  await late;
});

test('an answer of a server on this machine wins against its timeout', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.end('answer'))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    using clock = virtualClock();
    const ask = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write('question'));
        socket.setEncoding('utf8').once('data', resolve).once('error', reject);
      });
    const late = spawnLater(1000, () => {});
    assert.equal(await ask(), 'answer');
    assert.equal(late.dead, false);
    // A server that only listens delays nothing, and neither does one that answers after a virtual hour.
    await late;
    assert.equal(clock.now(), 1000);
    const slow = until(sleep(3_600_000).then(() => ask()));
    assert.equal(await slow, 'answer');
    assert.equal(clock.now(), 3_601_000);
  } finally {
    server.close();
  }
});

test('a promise that never comes does not hold the clock up', async () => {
  using clock = virtualClock();
  const stuck = spawn(function* () {
    yield* until(new Promise(() => {}));
  });
  await sleep(1000);
  assert.equal(clock.now(), 1000);
  assert.equal(stuck.dead, false);
  await stuck.kill();
});

test('a promise that is given up does not count as under way', async () => {
  using clock = virtualClock({ quiet: Infinity });
  const stuck = spawn(function* () {
    yield* until(new Promise(() => {}));
  });
  await sleep(0);
  await stuck.kill();
  await sleep(1000);
  assert.equal(clock.now(), 1000);
});

test('a clock that moves by hand stops where it should, and fires what came on the way', async () => {
  using clock = virtualClock({ autoJump: false });
  const log: number[] = [];
  const ticker = spawn(function* () {
    for (;;) {
      yield* sleep(10);
      log.push(clock.now());
    }
  });
  for (let i = 0; i < 5; i += 1) await realSleep(1);
  assert.deepEqual(log, []);
  await clock.advance(25);
  assert.deepEqual([log, clock.now()], [[10, 20], 25]);
  await clock.advance(0);
  await clock.advance(5);
  assert.deepEqual([log, clock.now()], [[10, 20, 30], 30]);
  await ticker.kill();
});

test('events due in the last moment of an advance are fired', async () => {
  using clock = virtualClock({ autoJump: false });
  const log: string[] = [];
  spawnLater(10, function* () {
    log.push('first');
    spawnLater(0, () => log.push('at once'));
    yield* sleep(5);
    log.push('at the end');
  });
  await clock.advance(15);
  assert.deepEqual(log, ['first', 'at once', 'at the end']);
});

test('advances that overlap, in greenlets of both kinds, do not disturb each other', async () => {
  using clock = virtualClock({ autoJump: false });
  const log: [string, number][] = [];
  await joinAll([
    spawn(function* () {
      yield* clock.advance(30);
      log.push(['generator', clock.now()]);
    }),
    spawn(async () => {
      await clock.advance(10);
      log.push(['async', clock.now()]);
    }),
  ]);
  assert.deepEqual(log, [
    ['async', 10],
    ['generator', 30],
  ]);
  const killed = spawn(function* () {
    yield* clock.advance(1000);
  });
  await clock.advance(0);
  await killed.kill();
  await clock.advance(5);
  assert.equal(clock.now(), 35);
});

test('the end of the test restores the clock, and leaves waits alone', async () => {
  const failing = async (): Promise<void> => {
    using clock = virtualClock({ autoJump: false });
    void clock.advance(1).catch(() => {});
    throw new Error('the test failed');
  };
  await assert.rejects(failing, /the test failed/);
  using clock = virtualClock({ autoJump: false });
  const rest = sleep(11);
  await clock.advance(10);
  const advance = clock.advance(10_000_000);
  clock.restore();
  clock.restore();
  await assert.rejects(advance, InvalidStateError);
  assert.throws(() => clock.advance(1), InvalidStateError);
  // A millisecond of the system's clock is left of it.
  await rest;
});

test('two clocks at once are refused', () => {
  using _clock = virtualClock();
  assert.throws(() => virtualClock(), /a virtual clock needs the loop for itself, and a virtual clock has it/);
});

test('wrong options are refused', () => {
  assert.throws(() => virtualClock({ quiet: -1 }), /expected quiet to be a number >= 0, got -1/);
  assert.throws(() => virtualClock({ autoJump: 'yes' as never }), /expected autoJump to be a boolean, got 'yes'/);
  assert.throws(() => virtualClock({ autojump: true } as never), /unknown key 'autojump' in options/);
  using clock = virtualClock();
  assert.throws(() => clock.advance(-1), /expected ms to be a number >= 0, got -1/);
});
