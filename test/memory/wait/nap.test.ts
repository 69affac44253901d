/** Which waits nap before they sleep. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Nap } from '#src/memory/wait/nap.js';

/**
 * A consumer and its counter: waits again and again, and takes one number of items after a wait that napped, and another after one that did
 * not.
 */
class Consumer {
  readonly #nap = new Nap();
  #done: number;
  #hasNapped = false;

  constructor(done: number = 0) {
    this.#done = done;
  }

  /** Returns which of the waits napped, by number. */
  waits(count: number, afterNap: number, otherwise: number): number[] {
    const naps: number[] = [];
    for (let i = 0; i < count; i += 1) {
      this.#done = (this.#done + (this.#hasNapped ? afterNap : otherwise)) | 0;
      this.#hasNapped = this.#nap.isDue(this.#done);
      if (this.#hasNapped) naps.push(i);
    }
    return naps;
  }
}

test('a stream that makes many items while its consumer naps makes all waits nap', () => {
  const consumer = new Consumer();
  const [first, ...others] = consumer.waits(1000, 60, 2);
  assert.ok(first! < 100, `the first nap: ${first}`);
  assert.equal(others.length, 1000 - first! - 1);
});

test('naps end when the stream has ended', () => {
  const consumer = new Consumer();
  consumer.waits(1000, 60, 2);
  const naps = consumer.waits(1000, 1, 1);
  assert.ok(naps.length < 10, `${naps.length} naps`);
});

test('two ends that take turns nap more and more seldom', () => {
  const naps = new Consumer().waits(100_000, 1, 1);
  assert.ok(naps.length < 32, `${naps.length} naps`);
  const between = naps.slice(1).map((at, i) => at - naps[i]!);
  assert.deepEqual(
    between.toSorted((one, other) => one - other),
    between,
  );
  assert.equal(between.at(-1), 4096);
});

test('a counter that goes round changes nothing', () => {
  const [first, ...others] = new Consumer(0x7fff_ff00).waits(1000, 60, 2);
  assert.equal(others.length, 1000 - first! - 1);
});
