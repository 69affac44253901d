/**
 * The cases of lines under every schedule of a few threads. A call to a waiter that leaves without taking comes to the next one, however
 * and whenever the first one leaves, and also when it dies on the way.
 */

import assert from 'node:assert/strict';
import { load, store } from '#src/atomics';
import { type Operation, Pending } from '#src/loop/index.js';
import { type Block, blockOf, joinObject, pause, refOf, WaitQueue, Word } from '#src/memory/index.js';
import { Condition } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type ModelHeap, type ModelOptions, once, turn } from '#src/testing/model/index.js';

dontSpin();

interface Scene {
  readonly block: Block;
  /** The number of things to be taken. */
  readonly things: Block;
  readonly word: number;
  readonly condition: number;
  readonly seen: { taken: number };
}

function sceneOf(heap: ModelHeap): Scene {
  const [word, condition] = [new Word(), new Condition()];
  heap.name(word, 'Word', 'word');
  heap.name(condition, 'Condition', 'condition');
  const block = heap.take('Waitable', 'line');
  return { block, things: heap.take(1, 'things'), word: refOf(word), condition: refOf(condition), seen: { taken: 0 } };
}

const wordOf = ({ word }: Scene): Word => joinObject(word) as Word;
const conditionOf = ({ condition }: Scene): Condition => joinObject(condition) as Condition;
const thingsOf = ({ things }: Scene): number => load(things.words, things.at);
const taken = ({ seen }: Scene): void => once(() => void (seen.taken += 1));

/** The value by which the caller knows that a staying waiter waits. */
const STAYS = 7;

/** Stands in line and goes, whatever has come meanwhile. */
function goes({ block }: Scene): void {
  const line = new WaitQueue(block);
  line.passOn(line.join(false));
}

/** Waits for a call. */
function stays(scene: Scene): void {
  const line = new WaitQueue(scene.block);
  const waiter = line.join(false, STAYS);
  while (!waiter.isCalled) {
    waiter.sleep(Infinity);
    line.reap(true);
  }
  waiter.free();
  taken(scene);
}

/** Calls one, as soon as one that stays is in line. */
function calls({ block }: Scene): void {
  const line = new WaitQueue(block);
  while (![...line.entries()].some((waiter) => waiter.isInLine && waiter.value === STAYS)) pause();
  assert.equal(line.callSome(1), 1);
}

/** Stands in line, looks once for a thing, and goes. */
function looksOnce(scene: Scene): void {
  const line = new WaitQueue(scene.block);
  const waiter = line.join(false);
  line.passOn(waiter);
}

/** Waits until there are two things, one after the other: `callFirst` is told of each. */
function waitsForTwo(scene: Scene): void {
  const line = new WaitQueue(scene.block);
  const waiter = line.join(false);
  while (thingsOf(scene) < 2) {
    waiter.sleep(Infinity);
    if (waiter.again()) line.announce();
  }
  waiter.free();
  taken(scene);
}

function gives(scene: Scene): void {
  const line = new WaitQueue(scene.block);
  for (const count of [1, 2]) {
    store(scene.things.words, scene.things.at, count);
    if (line.mayWait) line.callFirst();
  }
}

/** Notified of a word, and aborted at any moment, or dead before: then another one is notified. */
function aborts(scene: Scene): void {
  const word = wordOf(scene);
  const wait = word.waitAsync(0);
  if (!(wait instanceof Pending)) return;
  wait.catch(() => {});
  wait.reject(new Error('enough'));
}

/** Notified of a word, and thrown out before it sees that. */
function isKilled(scene: Scene): void {
  const wait: Operation<string> = wordOf(scene).waitAsync(0);
  if (!(wait instanceof Pending)) return;
  const waiter = { wake() {} };
  wait.addWaiter(waiter);
  while (wait.isPending) turn();
  wait.leave(waiter, new Error('killed'));
}

function waitsOnWord(scene: Scene): void {
  const word = wordOf(scene);
  assert.equal(word.wait(0), 'ok');
  taken(scene);
  // For the one that came later, or after it.
  word.store(1);
  word.notify();
}

/** Notifies one as soon as the one that stays is in line. */
function notifies(scene: Scene): void {
  const word = wordOf(scene);
  const line = new WaitQueue(blockOf(word));
  while (![...line.entries()].some((waiter) => waiter.isInLine && !waiter.isAsync)) pause();
  while (word.notify(1) === 0) pause();
}

/** The predicate throws when it is called after a notification. */
function throws(scene: Scene): void {
  const condition = conditionOf(scene);
  condition.acquireSync();
  let isFirst = true;
  const predicate = (): boolean => {
    if (!isFirst) throw new Error('not so');
    isFirst = false;
    return false;
  };
  try {
    condition.waitForSync(predicate);
  } catch (error) {
    if ((error as Error).message !== 'not so') throw error;
  }
  condition.release();
}

function waitsForCondition(scene: Scene): void {
  const condition = conditionOf(scene);
  condition.acquireSync();
  condition.waitSync();
  // For the one that came later.
  condition.notify();
  condition.release();
  taken(scene);
}

/** One notification for both: the one that throws passes it on, the other one keeps it. */
function notifiesCondition(scene: Scene): void {
  const condition = conditionOf(scene);
  for (let isDone = false; !isDone; ) {
    condition.acquireSync();
    isDone = condition.statistics().unnotified === 2;
    if (isDone) condition.notify(1);
    condition.release();
    if (!isDone) pause();
  }
}

const oneTook = ({ seen }: Scene): void => assert.equal(seen.taken, 1);

export const cases: Record<string, ModelOptions<Scene>> = {
  'a called waiter that goes': { threads: [goes, stays, calls], setup: sceneOf, after: oneTook, preemptions: 3 },
  'a called waiter that goes, and dies': {
    threads: [goes, stays, calls],
    setup: sceneOf,
    after: oneTook,
    preemptions: 2,
    deaths: 1,
    mayDie: [0],
  },
  'a line of which the first is called': { threads: [looksOnce, waitsForTwo, gives], setup: sceneOf, after: oneTook, preemptions: 3 },
  'a notified word that is aborted': { threads: [aborts, waitsOnWord, notifies], setup: sceneOf, after: oneTook, preemptions: 2 },
  'a notified word that is killed': { threads: [isKilled, waitsOnWord, notifies], setup: sceneOf, after: oneTook, preemptions: 2 },
  'a notified word that dies': {
    threads: [aborts, waitsOnWord, notifies],
    setup: sceneOf,
    after: oneTook,
    preemptions: 2,
    deaths: 1,
    mayDie: [0],
  },
  'a predicate that throws': { threads: [throws, waitsForCondition, notifiesCondition], setup: sceneOf, after: oneTook, preemptions: 1 },
};
