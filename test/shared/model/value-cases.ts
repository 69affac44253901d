/**
 * The cases of a Value under every schedule of a few threads: no addition and no update is lost, and a death leaves the old number or the
 * new one.
 */

import assert from 'node:assert/strict';
import { OwnerDied } from '#src/errors.js';
import { blockAt, joinObject, refOf } from '#src/memory/index.js';
import { RawValue, type TypeCode, Value } from '#src/shared/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once } from '#src/testing/model/index.js';

// As in the cases of the Lock.
dontSpin();

interface Scene {
  ref: number;
  /** Changes that have been made for certain, and errors that told of a death. */
  done: { changes: number; told: number };
}

const sceneOf =
  (code: TypeCode, isRaw = false) =>
  (heap: ModelHeap): Scene => {
    const value = isRaw ? new RawValue(code) : new Value(code);
    heap.describe(blockAt(heap.memory, refOf(value)), 'Value', 'value');
    if (!isRaw) heap.describe(blockAt(heap.memory, refOf(value.getLock())), 'Waitable', 'lock');
    return { ref: refOf(value), done: { changes: 0, told: 0 } };
  };

const valueOf = ({ ref }: Scene): Value<'i'> => joinObject(ref) as Value<'i'>;

const changed = ({ done }: Scene): void => once(() => void (done.changes += 1));

const adder = (times: number, addend: number) =>
  function adder(scene: Scene): void {
    const value = valueOf(scene);
    for (let i = 0; i < times; i += 1) value.add(addend);
  };

const updater = (times: number) =>
  function updater(scene: Scene): void {
    const value = valueOf(scene);
    for (let i = 0; i < times; i += 1) {
      value.updateSync((n) => n + 1);
      changed(scene);
    }
  };

/** Changes the number, and tries again when it is told of a death. */
function survivor(scene: Scene): void {
  const value = valueOf(scene);
  for (;;) {
    try {
      value.updateSync((n) => n + 1);
      return changed(scene);
    } catch (error) {
      if (!(error instanceof OwnerDied)) throw error;
      once(() => void (scene.done.told += 1));
    }
  }
}

/** The function of the update throws. */
function failing(scene: Scene): void {
  assert.throws(
    () =>
      valueOf(scene).updateSync(() => {
        throw new Error('mine');
      }),
    { message: 'mine' },
  );
}

const holds =
  (number: number) =>
  (scene: Scene): void => {
    const value = valueOf(scene);
    assert.equal(value.value, number);
    assert.deepEqual(value.statistics(), { bytes: 4, locked: false, waiting: 0 });
  };

/** Each reported change is in the number, and each dead thread has made its change or not. */
const holdsAllAnd =
  (threads: number) =>
  (scene: Scene, { dead }: ModelEnd): void => {
    const { changes, told } = scene.done;
    const { value } = valueOf(scene);
    assert.ok(value >= changes && value <= changes + dead.length, `${value} after ${changes} changes and ${dead.length} deaths`);
    assert.ok(changes >= threads - dead.length, `${changes} of ${threads} have made their change`);
    assert.ok(told <= dead.length, 'told more often than a thread died');
  };

export const cases: Record<string, ModelOptions<Scene>> = {
  'two threads add integers': { threads: [adder(2, 1), adder(2, 1)], setup: sceneOf('i', true), after: holds(4), preemptions: Infinity },
  'three threads add integers': {
    threads: [adder(1, 1), adder(1, 2), adder(1, 4)],
    setup: sceneOf('i', true),
    after: holds(7),
    preemptions: Infinity,
  },
  'two threads add integers without a sign': {
    threads: [adder(2, 2 ** 30), adder(1, 2 ** 31 - 1)],
    setup: sceneOf('I', true),
    after: holds(2 ** 32 - 1),
    preemptions: Infinity,
  },
  'two threads add floats': {
    threads: [adder(2, 0.5), adder(2, 0.25)],
    setup: sceneOf('f', true),
    after: holds(1.5),
    preemptions: Infinity,
  },
  'two threads update': { threads: [updater(2), updater(2)], setup: sceneOf('i'), after: holds(4), preemptions: 3 },
  'an update beside additions': { threads: [updater(1), adder(2, 1)], setup: sceneOf('i'), after: holds(3), preemptions: Infinity },
  'two updates beside an addition': {
    threads: [updater(1), updater(1), adder(1, 1)],
    setup: sceneOf('i'),
    after: holds(3),
    preemptions: 2,
  },
  'an update that fails beside two': { threads: [failing, updater(1), updater(1)], setup: sceneOf('i'), after: holds(2), preemptions: 2 },
  'a death of one of two that update': {
    threads: [survivor, survivor],
    setup: sceneOf('i'),
    after: holdsAllAnd(2),
    preemptions: 2,
    deaths: 1,
  },
  'a death of one of three that update': {
    threads: [survivor, survivor, survivor],
    setup: sceneOf('i'),
    after: holdsAllAnd(3),
    preemptions: 1,
    deaths: 1,
  },
  'a death of one of two that add': {
    threads: [adder(1, 1), adder(1, 1)],
    setup: sceneOf('i', true),
    after: (scene, { dead }) => {
      const { value } = valueOf(scene);
      assert.ok(value >= 2 - dead.length && value <= 2, `${value} after ${dead.length} deaths`);
    },
    preemptions: Infinity,
    deaths: 1,
  },
};
