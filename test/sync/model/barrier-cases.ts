/**
 * The cases of the Barrier under every schedule of a few threads. No party passes before all have come, and each has its own rank. All
 * waiters are told when one gives up or dies, at whatever step.
 */

import assert from 'node:assert/strict';
import { BrokenBarrierError } from '#src/errors.js';
import { type Operation, Pending } from '#src/loop/index.js';
import { allLayouts, blockAt, joinObject, refOf } from '#src/memory/index.js';
import { Barrier } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type ModelEnd, type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { settled } from './loop.js';

dontSpin();

interface Scene {
  ref: number;
  parties: number;
  seen: { came: number; ranks: number[]; broken: number; acted: number };
}

const sceneOf =
  (parties: number) =>
  (heap: ModelHeap): Scene => {
    const barrier = new Barrier(parties);
    heap.name(barrier, 'Barrier', 'barrier');
    return { ref: refOf(barrier), parties, seen: { came: 0, ranks: [], broken: 0, acted: 0 } };
  };

/** As `sceneOf`, and one of them has to call something. */
const sceneOfAction =
  (parties: number) =>
  (heap: ModelHeap): Scene => {
    const scene = sceneOf(parties)(heap);
    const { words, at } = blockAt(heap.memory, scene.ref);
    words[at + hasActionAt] = 1;
    return scene;
  };

const hasActionAt = 4 + 2;

function barrierOf({ ref, seen }: Scene): Barrier {
  const barrier = joinObject(ref);
  assert.ok(barrier instanceof Barrier);
  act(barrier, () => once(() => void (seen.acted += 1)));
  return barrier;
}

/** As an arriving handle gets its action. */
function act(barrier: Barrier, action: () => void): void {
  for (const key of Object.getOwnPropertySymbols(Barrier.prototype))
    if (key.description === 'luggage') (barrier as unknown as Record<symbol, unknown>)[key] = action;
}

const come = ({ seen }: Scene): void => once(() => void (seen.came += 1));

function passed({ seen, parties }: Scene, rank: number): void {
  once(() => {
    assert.ok(seen.came >= Math.floor(seen.ranks.length / parties + 1) * parties, 'one passed before all had come');
    seen.ranks.push(rank);
  });
}

function isBroken({ seen }: Scene, wait: () => number): number | undefined {
  try {
    return wait();
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    once(() => void (seen.broken += 1));
    return undefined;
  }
}

const party = (rounds: number) =>
  function party(scene: Scene): void {
    const barrier = barrierOf(scene);
    for (let round = 0; round < rounds; round += 1) {
      come(scene);
      const rank = isBroken(scene, () => barrier.waitSync());
      if (rank !== undefined) passed(scene, rank);
    }
  };

const loop = (rounds: number) =>
  function loop(scene: Scene): void {
    const barrier = barrierOf(scene);
    for (let round = 0; round < rounds; round += 1) {
      come(scene);
      const rank = isBroken(scene, () => settled(barrier.wait()));
      if (rank !== undefined) passed(scene, rank);
    }
  };

/** Two async waits of one thread. */
function twice(scene: Scene): void {
  const barrier = barrierOf(scene);
  const waits: Operation<number>[] = [];
  for (let i = 0; i < 2; i += 1) {
    come(scene);
    waits.push(barrier.wait());
  }
  for (const wait of waits) {
    const rank = isBroken(scene, () => settled(wait));
    if (rank !== undefined) passed(scene, rank);
  }
}

function hurried(scene: Scene): void {
  const barrier = barrierOf(scene);
  come(scene);
  const rank = isBroken(scene, () => barrier.waitSync(5));
  if (rank !== undefined) passed(scene, rank);
}

function hurriedLoop(scene: Scene): void {
  const barrier = barrierOf(scene);
  come(scene);
  const operation = barrier.wait();
  if (operation instanceof Pending && operation.isPending && turn(5) === 'timeout') operation.expire();
  const rank = isBroken(scene, () => settled(operation));
  if (rank !== undefined) passed(scene, rank);
}

function aborted(scene: Scene): void {
  const barrier = barrierOf(scene);
  come(scene);
  const operation = barrier.wait();
  operation.catch(() => {});
  if (operation instanceof Pending && operation.isPending) {
    turn(1);
    operation.reject(new BrokenBarrierError('aborted'));
  }
  const rank = isBroken(scene, () => settled(operation));
  if (rank !== undefined) passed(scene, rank);
}

/** The second thread has come before. */
function sceneOfFirst(heap: ModelHeap): Scene {
  const scene = sceneOf(3)(heap);
  const { words, at } = blockAt(heap.memory, scene.ref);
  const waitable = layoutOf('Waitable');
  const waiter = layoutOf('Waiter');
  const entry = at + waitable['waiters']!;
  words[entry + waiter['slot']!] = (1 << 12) | 2;
  words[entry + waiter['state']!] = 1;
  words[entry + waiter['value']!] = 1;
  words[at + waitable['tickets']!] = 1;
  return scene;
}

function layoutOf(name: string): Record<string, number> {
  const { fields } = allLayouts().find((one) => one.name === name)!;
  return Object.fromEntries(fields.map((field) => [field.name, field.offset]));
}

function aborter(scene: Scene): void {
  barrierOf(scene).abort();
}

function resetter(scene: Scene): void {
  barrierOf(scene).reset();
}

/** All passed, in rounds of `parties` with each rank once. */
const allPassed =
  (count: number) =>
  (scene: Scene): void => {
    const { ranks, broken } = scene.seen;
    assert.equal(broken, 0, 'it broke');
    assert.equal(ranks.length, count);
    for (let rank = 0; rank < scene.parties; rank += 1)
      assert.equal(ranks.filter((one) => one === rank).length, count / scene.parties, `rank ${rank} in ${ranks.join()}`);
    assert.deepEqual(barrierOf(scene).statistics(), { parties: scene.parties, waiting: 0, broken: false });
  };

const eachActs =
  (count: number, rounds: number) =>
  (scene: Scene): void => {
    allPassed(count)(scene);
    assert.equal(scene.seen.acted, rounds);
  };

/** A party that is aborted when all had come is not told; the others pass. */
const allKnow =
  (threads: number) =>
  ({ seen }: Scene): void =>
    assert.equal(seen.ranks.length + seen.broken, threads, 'a party was not told');

/** Either all of the parties passed, or none did. */
const togetherOrNot =
  (threads: number) =>
  ({ seen, parties }: Scene, { dead }: ModelEnd): void => {
    const alive = threads - dead.length;
    assert.ok(seen.ranks.length + seen.broken >= alive, 'a party was not told');
    if (dead.length === 0) assert.equal(seen.ranks.length % parties, 0, `${seen.ranks.length} of ${parties} passed`);
    assert.ok(seen.ranks.length === 0 || seen.broken === 0, `${seen.ranks.length} passed, and for ${seen.broken} it broke`);
    assert.equal(new Set(seen.ranks).size, seen.ranks.length, 'two have one rank');
  };

export const cases: Record<string, ModelOptions<Scene>> = {
  'two threads': { threads: [party(1), party(1)], setup: sceneOf(2), after: allPassed(2), preemptions: 3 },
  'two threads, twice': { threads: [party(2), party(2)], setup: sceneOf(2), after: allPassed(4), preemptions: 2 },
  'three threads': { threads: [party(1), party(1), party(1)], setup: sceneOf(3), after: allPassed(3), preemptions: 1 },
  'a thread and an event loop': { threads: [party(2), loop(2)], setup: sceneOf(2), after: allPassed(4), preemptions: 2 },
  'four for two places': { threads: [party(1), party(1), twice], setup: sceneOf(2), after: allPassed(4), preemptions: 1 },
  'two threads with an action': { threads: [party(2), party(2)], setup: sceneOfAction(2), after: eachActs(4, 2), preemptions: 1 },
  'four for two places, with an action': {
    threads: [party(1), party(1), twice],
    setup: sceneOfAction(2),
    after: eachActs(4, 2),
    preemptions: 1,
  },
  'a time-out': { threads: [hurried, party(1)], setup: sceneOf(2), after: togetherOrNot(2), preemptions: 2, timeouts: 1 },
  'a time-out among three': {
    threads: [hurried, party(1), loop(1)],
    setup: sceneOf(3),
    after: togetherOrNot(3),
    preemptions: 1,
    timeouts: 1,
  },
  'an abort': { threads: [aborted, party(1)], setup: sceneOf(2), after: allKnow(2), preemptions: 2, timeouts: 1 },
  'a reset': {
    threads: [hurried, hurried, resetter],
    setup: sceneOf(2),
    after: togetherOrNot(2),
    preemptions: 1,
    timeouts: 1,
  },
  // A party that dies before it comes is unknown: a timeout ends the wait.
  'a death of one of two': { threads: [hurried, hurried], setup: sceneOf(2), after: togetherOrNot(2), preemptions: 2, deaths: 1 },
  'a death of one of three': {
    threads: [hurried, hurried, hurried],
    setup: sceneOf(3),
    after: togetherOrNot(3),
    preemptions: 0,
    deaths: 1,
  },
  'a death of one of three, one of them an event loop': {
    threads: [hurried, hurriedLoop, hurried],
    setup: sceneOf(3),
    after: togetherOrNot(3),
    preemptions: 0,
    deaths: 1,
  },
  'a death of the caller of the action': {
    threads: [hurried, hurried],
    setup: sceneOfAction(2),
    after: togetherOrNot(2),
    preemptions: 1,
    deaths: 1,
  },
  'a death of one that had come': {
    threads: [party(1), aborter],
    setup: sceneOfFirst,
    after: allKnow(1),
    preemptions: 2,
    deaths: 1,
    mayDie: [1],
  },
  'a death of one that had come, beside an event loop': {
    threads: [loop(1), aborter],
    setup: sceneOfFirst,
    after: allKnow(1),
    preemptions: 2,
    deaths: 1,
    mayDie: [1],
  },
  'a death beside a reset': {
    threads: [hurried, hurried, resetter],
    setup: sceneOf(2),
    after: togetherOrNot(2),
    preemptions: 0,
    deaths: 1,
  },
};
