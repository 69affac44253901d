/**
 * The cases of the ring of a link under every schedule of its writer and its reader: records come whole, once and in order; no wake-up is lost; what a
 * writer had not published when it died is never read, and what it had is.
 */

import assert from 'node:assert/strict';
import * as operations from '#src/atomics';
import { add, load, pause, store } from '#src/atomics';
import { type Block, theAgent } from '#src/memory/index.js';
import { type ModelEnd, type ModelTest, once } from '#src/testing/model/index.js';
import { headWords, type Operations, type RingPlace, RingReader, RingWriter, startRing, wordsOfRing } from '#src/worker/link/frame-ring.js';

const CAPACITY = 128;
const steps = operations as unknown as Operations;

interface Scene {
  readonly place: RingPlace;
  readonly bell: Block;
  readonly got: number[];
  /** Records whose `publish` has returned. */
  readonly published: number[];
}

/** Bytes of a record: neighbours differ, so that each comes to lie at any place. */
const sizeOf = (n: number): number => (n % 2 === 0 ? 24 : 16);

function setup(heap: { take(size: number, label: string): Block }): Scene {
  const { words, at } = heap.take(wordsOfRing(CAPACITY), 'ring');
  const place = { words, at, capacity: CAPACITY };
  startRing(place);
  return { place, bell: heap.take(1, 'bell'), got: [], published: [] };
}

const dataAt = ({ at }: RingPlace, offset: number): number => at + headWords + (offset >> 2);

const writer = (count: number) =>
  function writer({ place, bell, published }: Scene): void {
    const ring = new RingWriter(place, steps);
    const { memory } = theAgent();
    for (let n = 0; n < count; n += 1) {
      const size = sizeOf(n);
      let offset = ring.place(size, true);
      for (; offset < 0; offset = ring.place(size, true)) pause();
      for (let i = 0; i < size; i += 4) store(place.words, dataAt(place, offset + i), n);
      ring.publish();
      once(() => void published.push(n));
      if (!ring.mustRing()) continue;
      add(bell.words, bell.at, 1);
      memory.wake(bell.at * 4, 1);
    }
  };

/** @returns how many there were */
function readAll(ring: RingReader, { place, got }: Scene): number {
  let count = 0;
  ring.look();
  for (let offset = ring.next(); offset >= 0; offset = ring.next()) {
    const n = load(place.words, dataAt(place, offset));
    const size = sizeOf(n);
    for (let i = 4; i < size; i += 4) {
      const other = load(place.words, dataAt(place, offset + i));
      once(() => assert.equal(other, n, 'a record is mixed with another one'));
    }
    ring.free(size);
    once(() => void got.push(n));
    count += 1;
  }
  return count;
}

const reader = (count: number) =>
  function reader(scene: Scene): void {
    const ring = new RingReader(scene.place, steps);
    const { memory } = theAgent();
    const { bell } = scene;
    let left = count;
    for (let isOver = false; !isOver; ) {
      const rung = load(bell.words, bell.at);
      // The port says so, after all that its other end had published.
      isOver = !memory.isAlive({ pid: 1, tid: 1, processStart: 0, threadStart: 0 }, false);
      left -= readAll(ring, scene);
      if (left === 0) return;
      if (!isOver && ring.sleep()) memory.sleep(bell.at * 4, rung, Infinity);
    }
  };

function after({ got, published }: Scene, { dead }: ModelEnd): void {
  assert.deepEqual(
    got,
    got.map((_, n) => n),
  );
  if (!dead.includes(1)) assert.ok(got.length >= published.length, 'something that was published is lost');
}

const three: Pick<ModelTest<Scene>, 'threads' | 'setup' | 'after'> = { threads: [writer(3), reader(3)], setup, after };

export const cases: Record<string, ModelTest<Scene>> = {
  'a few records': three,
  'more records than there is room for': { ...three, threads: [writer(9), reader(9)] },
  'a writer that dies': { ...three, threads: [writer(5), reader(5)], deaths: 1, mayDie: [0] },
};
