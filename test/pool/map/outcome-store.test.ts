/** The results of a map, and their order: without a worker. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkOutcomes, none } from '#src/pool/map/chunk-outcomes.js';
import { OutcomeStore } from '#src/pool/map/outcome-store.js';

function taken(results: OutcomeStore): unknown[] {
  const all: unknown[] = [];
  for (let next = results.take(); next !== none; next = results.take()) all.push([results.index, next]);
  return all;
}

test('an item that goes out again keeps the index of the one before it, and is taken', () => {
  const results = new OutcomeStore(true);
  const batch = new ChunkOutcomes(10, 3);
  results.expect(batch);
  batch.put(0, ['a']);
  batch.move(1, 2);
  batch.put(2, ['c']);
  results.came(batch);
  const again = new ChunkOutcomes(10, 2, 1);
  results.expect(again);
  assert.deepEqual(taken(results), [
    [10, 'a'],
    [12, 'c'],
  ]);
  again.put(1, ['b']);
  results.came(again);
  assert.deepEqual(taken(results), [[11, 'b']]);
});

test('in order an outcome is taken after the one in front of it, and one without a worker in its place', () => {
  const results = new OutcomeStore(false);
  const [first, second] = [new ChunkOutcomes(0, 2), new ChunkOutcomes(3, 1)];
  results.expect(first);
  results.add(2, 'c');
  results.expect(second);
  second.put(0, ['d']);
  first.put(1, ['b']);
  results.came(first);
  assert.deepEqual(taken(results), []);
  first.put(0, ['a']);
  results.came(first);
  assert.deepEqual(taken(results), [
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
    [3, 'd'],
  ]);
});
