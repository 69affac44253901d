/** Shared references, cycles, depth and size. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { cross, kinds } from './cross.js';
import { difference } from './same-graph.js';

for (const kind of kinds) {
  test(`an object that is met twice is two objects in a ${kind}`, () => {
    const shared = { n: 1 };
    const there = cross({ a: shared, b: [shared], c: new Map([[shared, shared]]) }, kind);
    assert.equal(there.a, there.b[0]);
    assert.equal(there.c.get(there.a), there.a);
  });

  test(`a cycle through every kind of container is cut on its way to a ${kind}`, () => {
    const root: Record<string, unknown> = {};
    const map = new Map<unknown, unknown>();
    const set = new Set<unknown>();
    const array: unknown[] = [];
    const error = new Error('inside', { cause: root });
    Object.assign(root, { root, map, set, array, error });
    map.set(map, root).set(root, map);
    set.add(set).add(root);
    array.push(array, root, map);
    assert.equal(difference(root, cross(root, kind)), undefined);
  });

  test(`a list of 100,000 links overflows the stack on its way to a ${kind}`, () => {
    let list: { next: unknown; at: number[] } | undefined;
    for (let i = 0; i < 100_000; i += 1) list = { next: list, at: [i] };
    assert.equal(difference(list, cross(list, kind)), undefined);
  });

  test(`arrays, maps, sets and errors 10,000 levels deep overflow the stack on their way to a ${kind}`, () => {
    let value: unknown = 'bottom';
    for (let i = 0; i < 10_000; i += 1) {
      value = [[value], new Map([[{ i }, value]]), new Set([value]), new Error('level', { cause: value })][i % 4];
      if (i % 1000 === 0) value = [value, value];
    }
    assert.equal(difference(value, cross(value, kind)), undefined);
  });

  test(`a deep list is not shared from both its ends in a ${kind}`, () => {
    const bottom: Record<string, unknown> = { name: 'bottom' };
    let list: Record<string, unknown> = bottom;
    for (let i = 0; i < 1000; i += 1) list = { list, bottom };
    bottom['top'] = list;
    assert.equal(difference(list, cross(list, kind)), undefined);
  });

  test(`a wide and deep tree is not the same in a ${kind}`, () => {
    let tree: unknown = 1;
    for (let i = 0; i < 150; i += 1) tree = { left: [tree, i], right: new Map([[i, { i }]]) };
    assert.equal(difference(tree, cross(tree, kind)), undefined);
  });

  test(`100 MB of text or bytes do not reach a ${kind}`, () => {
    const size = 100 * 1024 * 1024;
    const narrow = 'x'.repeat(size);
    const wide = '€'.repeat(size / 2);
    assert.ok(cross(narrow, kind) === narrow);
    assert.ok(cross({ wide }, kind).wide === wide);
    const bytes = new Uint8Array(size);
    bytes[size - 1] = 7;
    const there = cross({ bytes }, kind).bytes;
    assert.equal(there.length, size);
    assert.equal(there[size - 1], 7);
    assert.equal(bytes.length, size);
  });

  test(`200,000 small objects are not the same in a ${kind}`, () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => ({ i, even: i % 2 === 0, tag: `t${i % 10}` }));
    const there = cross(rows, kind);
    assert.equal(there.length, rows.length);
    assert.deepEqual(there[199_999], rows[199_999]);
  });
}
