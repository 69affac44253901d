/** The promises of every memory, between threads and, where it can, between processes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { HeddleError } from '#src/errors.js';
import { longestSlice, type Memory, segmentSize } from '#src/memory/heap/memory.js';
import { type Ground, grounds } from '../grounds.ts';
import { at, bellOf, end, place, whoIs } from '../party.ts';
import { until } from '../until.ts';

const load = (memory: Memory, word: number): number => Atomics.load(memory.segment(0), word);

function say(memory: Memory, value: number): void {
  Atomics.store(memory.segment(0), at.go, value);
  memory.wake(place(at.go), Infinity);
}

/** As the heap rings: only the thread that finds the word at 0. */
function ring(memory: Memory): void {
  if (Atomics.exchange(memory.segment(0), at.rung, 1) === 0) memory.ring(whoIs(memory), bellOf(memory), place(at.rung));
}

/** Without looking at the word: more often than allowed. */
function ringMany(memory: Memory, times: number): void {
  const [who, bell] = [whoIs(memory), bellOf(memory)];
  Atomics.store(memory.segment(0), at.rung, 1);
  for (let i = 0; i < times; i++) memory.ring(who, bell, place(at.rung));
}

/** How often a thread has given up its processor by itself. */
function switches(path: string): number {
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`${path}/status`, 'latin1'))![1]);
}

for (const { name, skip, make } of grounds) {
  const check = (what: string, body: (ground: Ground) => Promise<void> | void): void => {
    test(`${name}: ${what}`, { skip, timeout: 60_000 }, async () => {
      await using ground = make();
      await body(ground);
    });
  };

  check('a word with another value does not put the thread to sleep', async ({ memory, start }) => {
    // 4000 slices would take longer than the test may.
    assert.equal(await start('stale', 4000).ended, 0);
    assert.equal(load(memory, at.count), 4000);
  });

  check('a wake between look and sleep is not lost', async ({ memory, start }) => {
    const rounds = 10_000;
    const party = start('answer', rounds);
    const words = memory.segment(0);
    let inVain = 0;
    for (let round = 0; round < rounds; round++) {
      const mine = round * 2 + 1;
      Atomics.store(words, at.go, mine);
      memory.wake(place(at.go), 1);
      while (Atomics.load(words, at.go) === mine) {
        memory.sleep(place(at.go), mine, Infinity);
        // The party starts while the first round waits.
        if (round > 0 && Atomics.load(words, at.go) === mine) inVain++;
        assert.ok(inVain < rounds / 100);
      }
    }
    assert.equal(await party.ended, 0);
    // A slice may pass on a busy machine; a lost wake would cost one in every few rounds.
    assert.ok(inVain + load(memory, at.count) < rounds / 100, `${inVain} + ${load(memory, at.count)} of ${rounds} sleeps were in vain`);
  });

  check('a wake for one wakes one, and a wake for all all', async ({ memory, start }) => {
    for (let i = 0; i < 3; i++) start('sleeper');
    await until(() => load(memory, at.state) === 3);
    let asked = 0;
    while (load(memory, at.early) < 3) {
      memory.wake(place(at.go), 1);
      asked++;
      await pause(1);
    }
    assert.ok(load(memory, at.early) <= asked, `${load(memory, at.early)} woke by ${asked}`);
    const before = load(memory, at.early);
    for (let times = 0; load(memory, at.early) - before < times + 3; times++) {
      memory.wake(place(at.go), Infinity);
      await pause(5);
    }
  });

  check('a sleep ends with its slice, and with no time left at once', async ({ memory, start }) => {
    start('sleeper');
    await until(() => load(memory, at.count) >= 2);
    for (const ms of [0, -1, 0.01, 1.5]) memory.sleep(place(at.go), 0, ms);
  });

  check('a sleeper can be ended', async ({ memory, start }) => {
    const party = start('sleeper');
    await until(() => load(memory, at.state) === 1);
    await party.kill();
    await party.ended;
  });

  check('a running party sees how the heap grows', async ({ memory, start }) => {
    const party = start('segments', 3);
    await until(() => load(memory, at.state) === 1);
    for (const number of [1, 2, 3]) {
      memory.grow(number * segmentSize + 1);
      say(memory, number);
      await until(() => load(memory, at.state) === number + 1);
      assert.equal(memory.segment(number)[number], number);
    }
    assert.equal(await party.ended, 0);
  });

  check('the heap never shrinks, and has only segments that it has grown to', ({ memory }) => {
    memory.grow(3 * segmentSize);
    memory.grow(segmentSize);
    memory.segment(2)[7] = 7;
    memory.grow(2 * segmentSize);
    assert.equal(memory.segment(2)[7], 7);
    assert.equal(memory.segment(2), memory.segment(2));
    assert.throws(() => memory.segment(3), RangeError);
    assert.throws(() => memory.grow(2 ** 40), HeddleError);
    assert.equal(memory.segment(2)[7], 7);
  });

  check('discarded memory is zeros, and its neighbours are kept', ({ memory }) => {
    memory.grow(2 * segmentSize);
    const page = 65_536;
    const words = memory.segment(1);
    words.fill(-1);
    memory.discard(segmentSize + page, 2 * page);
    const from = page / 4;
    assert.equal(words[from - 1], -1);
    assert.ok(words.subarray(from, 3 * from).every((value) => value === 0));
    assert.equal(words[3 * from], -1);
    words[from] = 5;
    assert.equal(words[from], 5);
  });

  check('a ring wakes an idle loop', async ({ memory, start }) => {
    const party = start('bell');
    await until(() => load(memory, at.state) === 1);
    for (let i = 1; i <= 50; i++) {
      ring(memory);
      await until(() => load(memory, at.count) >= i);
      assert.equal(load(memory, at.rung), 0);
    }
    assert.equal(load(memory, at.count), 50);
    say(memory, end);
    ring(memory);
    assert.equal(await party.ended, 0);
  });

  check('rings of a busy loop do not block the ringer, and one is heard', async ({ memory, start }) => {
    const party = start('busyBell');
    await until(() => load(memory, at.state) === 1);
    // More than a pipe holds.
    ringMany(memory, 70_000);
    assert.equal(load(memory, at.count), 0);
    say(memory, 1);
    await until(() => load(memory, at.count) >= 1 && load(memory, at.rung) === 0);
    say(memory, end);
    ring(memory);
    assert.equal(await party.ended, 0);
  });

  check('a ring at a thread that has ended is harmless', async ({ memory, start }) => {
    for (const wasRung of [true, false]) {
      Atomics.store(memory.segment(0), at.state, 0);
      const party = start('bell');
      await until(() => load(memory, at.state) === 1);
      const before = load(memory, at.count);
      if (wasRung) ring(memory);
      await until(() => load(memory, at.count) === before + Number(wasRung));
      await party.kill();
      await party.ended;
      ringMany(memory, 100);
      assert.equal(load(memory, at.rung), 1);
      Atomics.store(memory.segment(0), at.rung, 0);
    }
  });

  check('a ring before the bell is heard', async ({ memory, start }) => {
    Atomics.store(memory.segment(0), at.rung, 1);
    start('bell');
    await until(() => load(memory, at.count) === 1);
    assert.equal(load(memory, at.rung), 0);
  });

  check('an unreferenced bell does not keep its thread alive', async ({ start }) => {
    assert.equal(await start('unheld').ended, 0);
  });

  check('a closed bell is silent', async ({ memory }) => {
    let calls = 0;
    const bell = memory.openBell(place(at.rung), () => calls++);
    bell.ref();
    memory.ring(memory.identity(), bell.address, place(at.rung));
    bell.close();
    memory.ring(memory.identity(), bell.address, place(at.rung));
    let others = 0;
    const other = memory.openBell(place(at.rung), () => others++);
    other.ref();
    Atomics.store(memory.segment(0), at.rung, 1);
    memory.ring(memory.identity(), other.address, place(at.rung));
    await until(() => others === 1);
    other.close();
    assert.equal(calls, 0);
  });

  check('a thread that sleeps or has a bell needs no processor time', async ({ memory, start }) => {
    for (const role of ['sleeper', 'bell'] as const) {
      Atomics.store(memory.segment(0), at.state, 0);
      const party = start(role);
      await until(() => load(memory, at.state) === 1);
      const of = `/proc/${load(memory, at.process)}/task/${load(memory, at.thread)}`;
      // One a slice, which is shorter for a thread than for this one, and what the engine does now and then. At first it does what is left from its
      // start; one that is busy never comes to rest.
      const wakeUps = (): number => {
        const before = switches(of);
        memory.sleep(place(at.nothing), 0, Infinity);
        return switches(of) - before;
      };
      await until(() => wakeUps() <= longestSlice / 50 + 2);
      await party.kill();
      await party.ended;
    }
  });

  check('a living thread counts as alive, and an ended one as dead', async ({ memory, start }) => {
    for (const isThorough of [false, true]) {
      assert.equal(memory.isAlive(memory.identity(), isThorough), true);
      Atomics.store(memory.segment(0), at.state, 0);
      const party = start('sleeper');
      await until(() => load(memory, at.state) === 1);
      assert.equal(memory.isAlive(whoIs(memory), isThorough), true);
      await party.kill();
      await party.ended;
      assert.equal(memory.isAlive(whoIs(memory), isThorough), false);
    }
  });

  check('two parties have the same clock', async ({ memory, start }) => {
    const party = start('clock');
    await until(() => load(memory, at.state) === 1);
    const before = memory.now();
    say(memory, 1);
    await until(() => load(memory, at.state) === 2);
    const [theirs, after] = [load(memory, at.count), memory.now()];
    assert.ok(((theirs - before) | 0) >= 0 && ((after - theirs) | 0) >= 0, `${before} ${theirs} ${after}`);
    assert.equal(await party.ended, 0);
  });
}
