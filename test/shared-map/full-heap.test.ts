/** A SharedMap in a heap that may not grow any further: a set is refused and nothing else happens, what is there is read, and then there is room again. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { HeddleError } from '#src/errors.js';
import { become } from '#src/memory/index.js';
import { SharedMap } from '#src/shared-map/index.js';
import { PlainWorld } from '../memory/heap/plain-memory.js';
import { checkMap } from './check-map.js';

const isFull = (error: unknown): boolean => error instanceof HeddleError && error.message.includes('the shared heap is full');

test('a heap that is full of entries refuses sets, and can be emptied', async () => {
  become(new PlainWorld(2).thread().agent);
  const map = new SharedMap<number, string>();
  const reference = new Map<number, string>();
  // Large ones first, until tables find no memory either.
  for (const length of [50_000, 5000, 200, 2]) {
    const text = 'x'.repeat(length);
    for (let isIn = true; isIn; ) {
      const key = reference.size;
      try {
        map.setSync(key, text);
        reference.set(key, text);
      } catch (error) {
        assert.ok(isFull(error), String(error));
        isIn = false;
      }
      assert.equal(map.size, reference.size);
    }
    checkMap(map);
  }
  assert.ok(reference.size > 150, `only ${reference.size} entries`);
  const large = 'y'.repeat(100_000);
  assert.throws(() => map.setSync(0, large), isFull);
  await assert.rejects(async () => map.set(0, large), isFull);
  assert.throws(() => map.updateSync(0, () => large), isFull);
  await assert.rejects(
    map.update(0, () => large),
    isFull,
  );
  for (const [key, text] of reference) assert.equal(map.getSync(key), text);
  assert.equal(map.size, reference.size);
  for (const key of [...reference.keys()].slice(0, 100)) assert.equal(map.deleteSync(key), true);
  map.setSync(0, large);
  assert.equal(await map.update(0, (text) => `${text}z`), `${large}z`);
  for (const key of reference.keys()) map.deleteSync(key);
  checkMap(map);
  assert.equal(map.size, 0);
});
