/** Walks the memory of a SharedMap and finds out whether everything in it fits together. */

import assert from 'node:assert/strict';
import { blockAt, blockOf, theAgent } from '#src/memory/index.js';
import type { SharedMap } from '#src/shared-map/index.js';
import { EncodedKey } from '#src/shared-map/key.js';
import {
  COUNT,
  entryHead,
  HASH,
  KEY,
  leastUnits,
  listCount,
  LISTS,
  MUTEX,
  NEXT,
  SEQUENCE,
  stripeAt,
  stripeCount,
  TABLES,
  wordsOf,
} from '#src/shared-map/record.js';
import { placeIn, Table } from '#src/shared-map/table.js';

/** Keys from 0 on that come to one stripe, and there to one slot of 8. */
export function keysOfOneSlot(count: number, stripe: number = 3): number[] {
  const keys: number[] = [];
  const encoded = new EncodedKey();
  for (let key = 0; keys.length < count; key += 1) {
    encoded.encode(key, 0);
    if (encoded.hash >>> 28 === stripe && (encoded.hash & 7) === 5) keys.push(key);
  }
  return keys;
}

/** No thread that lives may be at work in it. */
export function checkMap(map: SharedMap<any, any>): void {
  // The first that asks repairs what a dead one has left.
  const { size } = map;
  const { words, at } = blockOf(map);
  let entries = 0;
  for (let index = 0; index < stripeCount; index += 1) {
    const stripe = at + stripeAt(index);
    assert.equal(words[stripe + MUTEX], 0, 'the mutex is free');
    assert.equal(words[stripe + SEQUENCE]! & 1, 0, 'the sequence is even');
    const ref = words[at + TABLES + index]!;
    const count = ref === 0 ? 0 : checkTable(Table.at(ref), index);
    assert.equal(words[stripe + COUNT], count, `the count of stripe ${index}`);
    entries += count;
  }
  assert.equal(size, entries);
}

function checkTable(table: Table, index: number): number {
  const taken = new Map<number, string>();
  const take = (entry: number, units: number, what: string): void => {
    for (let unit = entry; unit < entry + units; unit += 1) {
      assert.ok(!taken.has(unit), `unit ${unit} is in ${what} and in ${taken.get(unit)}`);
      taken.set(unit, what);
    }
  };
  let count = 0;
  const seed = 0;
  const seen = new EncodedKey();
  table.each((entry, words, place) => {
    count += 1;
    take(entry, table.unitsOf(entry), `entry ${count}`);
    const length = words[place + KEY]!;
    seen.words = words.slice(place + entryHead, place + entryHead + wordsOf(length));
    const hash = words[place + HASH]!;
    assert.equal(hash >>> 28, index, 'the stripe of an entry');
    if (theAgent().memory.kind !== 'model') return;
    const again = new EncodedKey();
    again.encode(seen.words[0] === 4 ? seen.words[1]! : 0, seed);
    assert.equal(again.hash, hash, 'the hash of an entry');
  });
  for (let list = 0; list < listCount; list += 1) {
    const { words, at } = table.block;
    for (let entry = words[at + LISTS + list]!; entry !== 0; entry = table.wordsOf(entry)[placeIn(entry) + NEXT]!)
      take(entry, list + leastUnits, `the free entries of ${list + leastUnits} units`);
  }
  for (const chunk of table.chunks()) assert.ok(blockAt(theAgent().memory, chunk).words.length > 0);
  return count;
}
