/** Map and Set. They are read by the language's own methods, even if a subclass overrides them. */

import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { end } from '../packet/tags.ts';
import * as tag from '../packet/tags.ts';
import { MAP_KEY, MAP_VALUE, SET_VALUE } from '../packet/trail.ts';

const mapEntries = Map.prototype.entries as (this: Map<unknown, unknown>) => IterableIterator<[unknown, unknown]>;
const setValues = Set.prototype.values as (this: Set<unknown>) => IterableIterator<unknown>;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as (this: Map<unknown, unknown>) => number;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')?.get as (this: Set<unknown>) => number;

export function writeMap(encoding: Encoding, map: Map<unknown, unknown>): void {
  encoding.head(tag.MAP);
  encoding.claim(map);
  encoding.body(map, writeEntries);
}

function writeEntries(encoding: Encoding, map: Map<unknown, unknown>): void {
  const { trail } = encoding;
  trail.enter(MAP_VALUE);
  let index = 0;
  // Entries that a getter adds meanwhile are not written: that could go on indefinitely.
  const size = mapSize.call(map);
  for (const [key, value] of mapEntries.call(map)) {
    if (index === size) break;
    trail.how(MAP_KEY);
    trail.at(index);
    index += 1;
    encoding.value(key);
    trail.how(MAP_VALUE);
    trail.at(key);
    encoding.value(value);
  }
  trail.leave();
  encoding.writer.byte(tag.END);
}

export function writeSet(encoding: Encoding, set: Set<unknown>): void {
  encoding.head(tag.SET);
  encoding.claim(set);
  encoding.body(set, writeMembers);
}

function writeMembers(encoding: Encoding, set: Set<unknown>): void {
  const { trail } = encoding;
  trail.enter(SET_VALUE);
  let index = 0;
  const size = setSize.call(set);
  for (const value of setValues.call(set)) {
    if (index === size) break;
    trail.at(index);
    index += 1;
    encoding.value(value);
  }
  trail.leave();
  encoding.writer.byte(tag.END);
}

export function readMap(decoding: Decoding, isLater: boolean): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  decoding.claim(map);
  decoding.body(map, readEntries, isLater);
  return map;
}

function readEntries(decoding: Decoding, map: Map<unknown, unknown>): void {
  decoding.enter();
  for (;;) {
    const key = decoding.valueOrEnd();
    if (key === end) break;
    map.set(key, decoding.value());
  }
  decoding.leave();
}

export function readSet(decoding: Decoding, isLater: boolean): Set<unknown> {
  const set = new Set<unknown>();
  decoding.claim(set);
  decoding.body(set, readMembers, isLater);
  return set;
}

function readMembers(decoding: Decoding, set: Set<unknown>): void {
  decoding.enter();
  for (;;) {
    const value = decoding.valueOrEnd();
    if (value === end) break;
    set.add(value);
  }
  decoding.leave();
}
