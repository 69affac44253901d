/**
 * The cases of a SharedMap under every schedule of a few threads: a reader sees the former value or the new one as a whole and of its own key, no change
 * is lost, and a death at any step leaves the former value or the new one. Keys come to one slot of one stripe; the codec makes no steps.
 */

import assert from 'node:assert/strict';
import { blockAt, blockOf, collect, joinObject, refOf, segmentSize, theAgent } from '#src/memory/index.js';
import { SharedMap } from '#src/shared-map/index.js';
import { mapWords, stripeAt, TABLES } from '#src/shared-map/record.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once } from '#src/testing/model/index.js';
import { checkHeap } from '../../memory/check-heap.js';
import { checkMap, keysOfOneSlot } from '../check-map.js';

// As in the cases of the Lock.
dontSpin();

type Map = SharedMap<number, string>;

interface Scene {
  readonly ref: number;
  /** Changes that have returned, and what was read. */
  readonly done: string[];
}

const [a, b, c, d, ...more] = keysOfOneSlot(12) as [number, number, number, number, ...number[]];
/** A table has slots for eight; it has no room for a ninth, and is made anew. */
const eight = [a, b, c, d, ...more.slice(0, 4)];
const ninth = more[4]!;
const stripe = 3;
const elsewhere = keysOfOneSlot(1, 7)[0]!;

/** Five words of one letter: half of it is another text. Each key has letters of its own. */
const text = (letter: string): string => letter.repeat(19);
const isText = (its: unknown, letters: string): boolean => typeof its === 'string' && letters.includes(its[0]!) && its === text(its[0]!);

const sceneOf =
  (entries: readonly (readonly [key: number, letter: string])[], change?: (map: Map) => void) =>
  (heap: ModelHeap): Scene => {
    const map: Map = new SharedMap(entries.map(([key, letter]) => [key, text(letter)]));
    change?.(map);
    const block = blockOf(map);
    heap.describe(block, 'SharedMap', 'map');
    heap.describe(block, 'SharedMapStripe', 'stripe', stripeAt(stripe));
    const table = block.words[block.at + TABLES + stripe]!;
    if (table !== 0) heap.describe(blockAt(heap.memory, table), 'SharedMapTable', 'table');
    assert.ok(mapWords > 0);
    return { ref: refOf(map), done: [] };
  };

const mapIn = ({ ref }: Scene): Map => joinObject(ref) as Map;

const did = (scene: Scene, what: string): void => once(() => void scene.done.push(what));

const setter = (key: number, ...letters: string[]) =>
  function setter(scene: Scene): void {
    const map = mapIn(scene);
    for (const letter of letters) {
      map.setSync(key, text(letter));
      did(scene, letter);
    }
  };

const deleter = (key: number) =>
  function deleter(scene: Scene): void {
    const isThere = mapIn(scene).deleteSync(key);
    did(scene, `deleted ${isThere}`);
  };

/** Takes one key out and sets another, which comes to the same memory. */
const mover = (from: number, to: number, letter: string) =>
  function mover(scene: Scene): void {
    const map = mapIn(scene);
    map.deleteSync(from);
    map.setSync(to, text(letter));
    did(scene, letter);
  };

/** Reads a key some times: it has one of these letters each time. `-`: it may be absent. */
const reader = (key: number, letters: string, times: number = 1) =>
  function reader(scene: Scene): void {
    const map = mapIn(scene);
    for (let i = 0; i < times; i += 1) {
      const its = map.getSync(key);
      assert.ok(its === undefined ? letters.includes('-') : isText(its, letters), `${String(its)} was read, not one of ${letters}`);
    }
  };

const looker = (key: number) =>
  function looker(scene: Scene): void {
    assert.equal(mapIn(scene).hasSync(key), true, 'a key that is there was not found');
  };

/** Each key that is there throughout comes once. */
const iterator = (...throughout: number[]) =>
  function iterator(scene: Scene): void {
    const keys = [...mapIn(scene)].map(([key, its]) => {
      assert.ok(isText(its, 'abcdxyz'));
      return key;
    });
    assert.equal(new Set(keys).size, keys.length, 'a key came twice');
    for (const key of throughout) assert.ok(keys.includes(key), `key ${key} did not come`);
  };

function clearer(scene: Scene): void {
  mapIn(scene).clearSync();
  did(scene, 'cleared');
}

const counter = (key: number) =>
  function counter(scene: Scene): void {
    (mapIn(scene) as unknown as SharedMap<number, number>).updateSync(key, (n) => n! + 1);
    did(scene, '+');
  };

function failing(scene: Scene): void {
  assert.throws(
    () =>
      mapIn(scene).updateSync(a, () => {
        throw new Error('mine');
      }),
    { message: 'mine' },
  );
}

/** In two updates of each other's key at a time. */
const crossing = (own: number, other: number) =>
  function crossing(scene: Scene): void {
    const map = mapIn(scene) as unknown as SharedMap<number, number>;
    map.updateSync(own, (n) => {
      map.updateSync(other, (its) => its! + 10);
      return n! + 1;
    });
    did(scene, '+');
  };

const numbers =
  (...entries: [number, number][]) =>
  (): Scene => ({ ref: refOf(new SharedMap(entries)), done: [] });

function sweeper(): void {
  collect();
}

type Holds = Record<number, string>;

/** The entries of the end: one of some letters for each key, `-` for none; others are not there. */
const holds =
  (expected: Holds) =>
  (scene: Scene): void => {
    const map = mapIn(scene);
    checkMap(map);
    const left = new Map(map);
    for (const [key, letters] of Object.entries(expected)) {
      const its = left.get(Number(key));
      left.delete(Number(key));
      assert.ok(its === undefined ? letters.includes('-') : isText(its, letters), `key ${key} is ${String(its)}, not one of ${letters}`);
    }
    assert.equal(left.size, 0);
    // The map can be written and read.
    map.setSync(d, text('z'));
    assert.equal(map.getSync(d), text('z'));
    checkMap(map);
  };

/** The same, and the heap is whole. */
const holdsInHeap =
  (expected: Holds) =>
  (scene: Scene): void => {
    holds(expected)(scene);
    checkHeap(theAgent().memory);
  };

/** Each change that returned is in the number, and each thread that died has made its change or not. */
const counts =
  (threads: number) =>
  (scene: Scene, { dead }: ModelEnd): void => {
    const map = mapIn(scene) as unknown as SharedMap<number, number>;
    checkMap(map);
    const sum = map.getSync(a)!;
    const { length } = scene.done;
    assert.ok(sum >= length && sum <= length + dead.length, `${sum} after ${length} changes and ${dead.length} deaths`);
    assert.ok(length >= threads - dead.length);
  };

/** Entries that leave no room in the table: larger ones than it was made for. */
function fillUp(map: Map): void {
  for (const key of more.slice(0, 2)) map.setSync(key, 'x'.repeat(80));
}

/** The entries of `fillUp` are there, and further ones fit. */
function hasLarge(scene: Scene): void {
  const map = mapIn(scene);
  checkMap(map);
  for (let length = 80; length < 230; length += 4) map.setSync(more[2]!, 'x'.repeat(length));
  checkMap(map);
  assert.deepEqual([map.getSync(a), map.getSync(b), map.getSync(more[0]!)], [text('a'), text('b'), 'x'.repeat(80)]);
}

/** Words of a heap that takes blocks back. */
const realHeap = segmentSize / 4;
const ab = [
  [a, 'a'],
  [b, 'b'],
] as const;
const full = eight.map((key) => [key, 'x'] as const);
const fullHolds: Holds = Object.fromEntries(full);

export const cases: Record<string, ModelOptions<Scene>> = {
  'a set beside a read': {
    threads: [setter(a, 'x'), reader(a, 'ax', 2)],
    setup: sceneOf(ab),
    after: holds({ [a]: 'x', [b]: 'b' }),
    preemptions: 2,
  },
  'two sets of one key beside a read': {
    threads: [setter(a, 'x', 'y'), reader(a, 'axy')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'y', [b]: 'b' }),
    preemptions: 2,
  },
  'a first set beside a read': {
    threads: [setter(a, 'x'), reader(a, 'x-')],
    setup: sceneOf([]),
    after: holds({ [a]: 'x' }),
    preemptions: 3,
  },
  'memory that another key gets beside a read': {
    threads: [mover(a, c, 'c'), reader(a, 'a-')],
    setup: sceneOf(ab),
    after: holds({ [b]: 'b', [c]: 'c' }),
    preemptions: 2,
  },
  'a delete of the key before it beside a look': {
    threads: [mover(a, c, 'c'), looker(b)],
    setup: sceneOf(ab),
    after: holds({ [b]: 'b', [c]: 'c' }),
    preemptions: 2,
  },
  'two sets of keys in one slot': {
    threads: [setter(c, 'c'), setter(d, 'd')],
    setup: sceneOf(ab),
    after: (scene) => {
      checkMap(mapIn(scene));
      assert.deepEqual([mapIn(scene).size, mapIn(scene).getSync(c), mapIn(scene).getSync(d)], [4, text('c'), text('d')]);
    },
    preemptions: 2,
  },
  'a set and a delete of one key': {
    threads: [setter(a, 'x'), deleter(a), reader(a, 'ax-')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'x-', [b]: 'b' }),
    preemptions: 1,
  },
  'a table made anew beside a read': {
    threads: [setter(ninth, 'x'), reader(a, 'x')],
    setup: sceneOf(full),
    after: holds({ ...fullHolds, [ninth]: 'x' }),
    preemptions: 1,
  },
  'a table made anew in a heap that takes the former one back, beside a read': {
    threads: [setter(ninth, 'x'), reader(a, 'x', 2)],
    setup: sceneOf(full),
    after: holdsInHeap({ ...fullHolds, [ninth]: 'x' }),
    preemptions: 1,
    words: realHeap,
  },
  'a chunk that is added beside a sweep': {
    threads: [setter(c, 'c'), sweeper],
    setup: sceneOf(ab, fillUp),
    after: (scene) => {
      hasLarge(scene);
      checkHeap(theAgent().memory);
    },
    preemptions: 1,
    words: realHeap,
  },
  'a death while a chunk is added': {
    threads: [setter(c, 'c')],
    setup: sceneOf(ab, fillUp),
    after: hasLarge,
    preemptions: 0,
    deaths: 1,
  },
  'a clear beside a set and a read': {
    threads: [clearer, setter(c, 'c'), reader(a, 'a-')],
    setup: sceneOf(ab),
    after: holds({ [c]: 'c-' }),
    preemptions: 1,
  },
  'an iteration beside a set and a delete': {
    threads: [iterator(b), setter(c, 'c'), deleter(a)],
    setup: sceneOf(ab),
    after: holds({ [b]: 'b', [c]: 'c' }),
    preemptions: 1,
  },
  'two updates': { threads: [counter(a), counter(a)], setup: numbers([a, 0]), after: counts(2), preemptions: 2 },
  'an update beside a set': {
    threads: [
      counter(a),
      (scene) => {
        (mapIn(scene) as unknown as SharedMap<number, number>).setSync(a, 10);
      },
    ],
    setup: numbers([a, 0]),
    after: (scene) => assert.ok([10, 11].includes(mapIn(scene).getSync(a) as unknown as number)),
    preemptions: 3,
  },
  'two updates that update each other': {
    threads: [crossing(a, elsewhere), crossing(elsewhere, a)],
    setup: numbers([a, 0], [elsewhere, 0]),
    after: (scene) => {
      const map = mapIn(scene) as unknown as SharedMap<number, number>;
      // A function may have been called twice, as the other has changed its value.
      assert.equal(map.getSync(a)! % 10, 1);
      assert.equal(map.getSync(elsewhere)! % 10, 1);
    },
    preemptions: 1,
    maxSteps: 3000,
  },
  'an update that fails beside one': {
    threads: [failing, counter(a)],
    setup: numbers([a, 0]),
    after: counts(1),
    preemptions: 2,
  },
  'a death in a set of a new key': {
    threads: [setter(c, 'c'), reader(a, 'a')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'a', [b]: 'b', [c]: 'c-' }),
    preemptions: 1,
    deaths: 1,
    mayDie: [0],
  },
  'a death in a set, beside a set': {
    threads: [setter(a, 'x', 'y'), setter(b, 'd')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'axy', [b]: 'bd' }),
    preemptions: 1,
    deaths: 1,
  },
  'a death in a delete, beside a read': {
    threads: [deleter(a), reader(b, 'b')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'a-', [b]: 'b' }),
    preemptions: 1,
    deaths: 1,
    mayDie: [0],
  },
  'a death while a table is made anew': {
    threads: [setter(ninth, 'y')],
    setup: sceneOf(full),
    after: holdsInHeap({ ...fullHolds, [ninth]: 'y-' }),
    preemptions: 0,
    deaths: 1,
    mayDie: [0],
    words: realHeap,
  },
  'a death in a clear': {
    threads: [clearer, reader(c, 'c-')],
    setup: sceneOf([
      [a, 'a'],
      [c, 'c'],
    ]),
    after: holds({ [a]: 'a-', [c]: 'c-' }),
    preemptions: 0,
    deaths: 1,
    mayDie: [0],
  },
  'a death in the repair after a death': {
    threads: [setter(c, 'c'), setter(a, 'x')],
    setup: sceneOf(ab),
    after: holds({ [a]: 'ax', [b]: 'b', [c]: 'c-' }),
    preemptions: 0,
    deaths: 2,
    mayDie: [0, 1],
  },
  'a death of one of two that update': {
    threads: [counter(a), counter(a)],
    setup: numbers([a, 0]),
    after: counts(2),
    preemptions: 1,
    deaths: 1,
  },
};
