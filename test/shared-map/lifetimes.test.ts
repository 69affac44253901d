/** The contents of a SharedMap live as long as they can be read there, and no longer. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Event, Queue, SharedMap } from 'heddle';
import { heapStatistics } from 'heddle/lowlevel';
import { settle, untilFreed } from '../shared/freed.js';
import { forEachEnd } from '../sync/victim.js';

const patient = { timeout: 60_000 };
const size = 2 ** 20;

const used = (): number => heapStatistics().used;
const count = (kind: string): number => heapStatistics().objects[kind] ?? 0;
const counts = (): number[] => ['SharedMap', 'Event', 'Queue', 'Lock'].map(count);

test('a dropped map drops what it holds: entries, large values, handles, itself, locks of its updates', patient, async () => {
  await settle();
  const before = [...counts(), used()];
  const fill = (): void => {
    const [map, other] = [new SharedMap<any, any>(), new SharedMap<any, any>()];
    map.setSync('self', map).setSync('other', { other, event: new Event(), bytes: new Uint8Array(size) });
    other.setSync('back', [map, new Queue(), new Uint8Array(size)]);
    for (let i = 0; i < 5000; i += 1) map.setSync(i, 'x'.repeat(100));
    map.updateSync(1, () => 2);
  };
  for (let i = 0; i < 3; i += 1) fill();
  assert.ok(used() > before.at(-1)! + 6 * size);
  await untilFreed(() => counts().every((each, i) => each <= before[i]!) && used() < before.at(-1)! + size / 2);
});

test('a value that is replaced, taken out or cleared is freed, and the handles in it with it', patient, async () => {
  await settle();
  const before = [count('Event'), used()] as const;
  const map = new SharedMap<string>();
  const large = (): unknown => ({ event: new Event(), bytes: new Uint8Array(size) });
  const fill = (): void => {
    for (const key of ['replaced', 'updated', 'deleted', 'cleared']) map.setSync(key, large());
  };
  fill();
  assert.ok(used() > before[1] + 4 * size);
  map.setSync('replaced', 1);
  map.updateSync('updated', () => 1);
  map.deleteSync('deleted');
  await untilFreed(() => used() < before[1] + 2 * size && count('Event') <= before[0] + 1);
  map.clearSync();
  await untilFreed(() => used() < before[1] + size && count('Event') <= before[0]);
});

test('a handle lives in its map when nothing else holds it', patient, async () => {
  const map = new SharedMap<string, Event>();
  const fill = (): void => {
    const event = new Event();
    event.set();
    map.setSync('event', event);
  };
  fill();
  await settle();
  assert.equal(map.getSync('event')!.isSet(), true);
});

test('a value that was read stays when it is taken out of the map', patient, async () => {
  const map = new SharedMap<string, Uint8Array>([['a', new Uint8Array(size).fill(7)]]);
  const [read, listed] = [map.getSync('a')!, [...map.values()][0]!];
  map.deleteSync('a');
  await settle();
  map.setSync('a', new Uint8Array(size).fill(9));
  assert.deepEqual([read[0], read.at(-1), listed.at(-1)], [7, 7, 7]);
});

test('sets and deletes of large values leave the heap as small as it was', patient, async () => {
  const map = new SharedMap<number>();
  await settle();
  const before = used();
  for (let i = 0; i < 500; i += 1) map.setSync(i % 10, { bytes: new Uint8Array(20_000), event: i % 20 === 0 ? new Event() : 0 });
  for (let i = 0; i < 10; i += 1) map.deleteSync(i);
  await untilFreed(() => used() < before + 100_000);
});

forEachEnd('what it has set stays, and what it had not is freed', async (victim) => {
  await settle();
  const before = used();
  const map = new SharedMap<string>();
  await victim.ask(() => void map.setSync('a', new Uint8Array(size)));
  victim.end();
  await victim.ended();
  await settle();
  assert.equal((map.getSync('a') as Uint8Array).length, size);
  map.deleteSync('a');
  await untilFreed(() => used() < before + size / 2);
});
