/** Map and Set. They are read by the language's own methods, whatever a subclass made of them. */

import type { Decoding } from './decoding.ts';
import type { Encoding } from './encoding.ts';
import * as tag from './tags.ts';
import { MAP_KEY, MAP_VALUE, SET_VALUE } from './trail.ts';

const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;

export function writeMap(encoding: Encoding, map: Map<unknown, unknown>): void {
  encoding.head(tag.MAP);
  encoding.claim(map);
  encoding.body(map, writeEntries);
}

function writeEntries(encoding: Encoding, map: Map<unknown, unknown>): void {
  const { trail } = encoding;
  trail.enter(MAP_VALUE);
  let index = 0;
  // The copy keeps an entry that a getter adds from being met for ever.
  for (const [key, value] of [...mapEntries.call(map)] as [unknown, unknown][]) {
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
  for (const value of [...setValues.call(set)] as unknown[]) {
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
    if (key === decoding.end) break;
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
    if (value === decoding.end) break;
    set.add(value);
  }
  decoding.leave();
}
