/** The work of one worker: one deed after another, chosen by chance, sync and async, until it is told to stop or dies. */

import { BrokenBarrierError, Event, Lock, OwnerDied, RLock, Semaphore } from 'heddle';
import { type Objects } from './objects.js';
import { count } from './record.js';

/** A number from 0 to below `limit`. (Mulberry32.) */
export type Chance = (limit: number) => number;

export function chanceFrom(seed: number): Chance {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

interface Worker {
  readonly me: number;
  readonly objects: Objects;
  readonly chance: Chance;
}

type Deed = (worker: Worker) => Promise<void>;

/** A while in which others want what this one has. */
function dawdle(chance: Chance): void {
  for (const end = performance.now() + chance(40) / 1000; performance.now() < end; );
}

/** Now and then one ends in the middle, besides those that are killed. */
function perhapsDie(chance: Chance): void {
  if (chance(20_000) === 0) process.exit(1);
}

async function countUnderLock({ me, objects, chance }: Worker): Promise<void> {
  const { lock, counted, isTold } = objects.locks[chance(objects.locks.length)]!;
  let mayBeHalf = !isTold;
  const timeout = chance(4) === 0 ? chance(3) : undefined;
  const depth = lock instanceof RLock ? 1 + chance(3) : 1;
  for (let taken = 0; taken < depth; taken += 1) {
    try {
      const got = chance(2) === 0 ? lock.acquireSync(timeout) : await lock.acquire(timeout === undefined ? {} : { timeout });
      if (!got) {
        while (taken-- > 0) lock.release();
        return;
      }
    } catch (error) {
      if (!(error instanceof OwnerDied) || !isTold) throw error;
      objects.lives[me]!.told.add(1);
      mayBeHalf = true;
    }
  }
  dawdle(chance);
  if (!count(counted, me, mayBeHalf)) throw new Error('two have the lock, or an owner died without a report');
  perhapsDie(chance);
  for (let taken = 0; taken < depth; taken += 1) lock.release();
}

async function waitToBeNotified({ objects, chance }: Worker): Promise<void> {
  const { condition, generation } = objects.condition;
  const isSync = chance(2) === 0;
  if (isSync) condition.acquireSync();
  else await condition.acquire();
  try {
    const seen = generation.load();
    const hasChanged = (): boolean => generation.load() !== seen;
    const timeout = 1 + chance(50);
    if (isSync) condition.waitForSync(hasChanged, timeout);
    else await condition.waitFor(hasChanged, timeout);
  } finally {
    condition.release();
  }
}

async function notify({ me, objects, chance }: Worker): Promise<void> {
  const { condition, counted, generation } = objects.condition;
  using _ = chance(2) === 0 ? condition.holdSync() : await condition.hold();
  count(counted, me, true);
  generation.add(1);
  if (chance(2) === 0) condition.notifyAll();
  else condition.notify(1 + chance(3));
  perhapsDie(chance);
}

async function holdPermits({ objects, chance }: Worker): Promise<void> {
  const semaphore = chance(2) === 0 ? objects.semaphore : objects.bounded;
  const isSync = chance(2) === 0;
  using _ = isSync ? semaphore.holdSync() : await semaphore.hold();
  dawdle(chance);
  perhapsDie(chance);
}

async function meetOthers({ objects, chance }: Worker): Promise<void> {
  const { barrier, rounds } = objects;
  const options = { timeout: 20 + chance(100) };
  try {
    const index = chance(2) === 0 ? barrier.waitSync(options) : await barrier.wait(options);
    if (index === 0) rounds.add(1);
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    barrier.reset();
  }
}

async function waitForEvent({ objects, chance }: Worker): Promise<void> {
  const { event } = objects;
  const what = chance(4);
  if (what === 0) event.set();
  else if (what === 1) event.clear();
  else if (what === 2) event.waitSync(chance(20));
  else await event.wait(chance(20));
}

/** Objects that are made, used for a moment and dropped: the heap has to have their bytes back. */
async function makeAndDrop({ chance }: Worker): Promise<void> {
  const [lock, event, semaphore] = [new Lock(), new Event(), new Semaphore(2)];
  await lock.run(() => event.set());
  if (chance(2) === 0) semaphore.holdSync();
  if (!event.isSet() || lock.locked()) throw new Error('a new lock is held, or an event is not set');
}

export const deeds: readonly (readonly [name: string, deed: Deed])[] = [
  ['counts under a lock', countUnderLock],
  ['waits to be notified', waitToBeNotified],
  ['notifies', notify],
  ['holds a permit', holdPermits],
  ['meets others at the barrier', meetOthers],
  ['sets, clears or awaits the event', waitForEvent],
  ['makes objects and drops them', makeAndDrop],
];

/** Locks are counted under more often than the rest is done. */
const shares = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5, 6];

/** A task: ends when the event is set. @throws Error for what must never be */
export async function hammer(me: number, seed: number, objects: Objects): Promise<void> {
  const chance = chanceFrom(seed);
  const worker: Worker = { me, objects, chance };
  const { deed, done, pid } = objects.lives[me]!;
  pid.store(process.pid);
  while (!objects.stop.isSet()) {
    for (let n = 0; n < 20; n += 1) {
      const which = shares[chance(shares.length)]!;
      deed.store(which);
      await deeds[which]![1](worker);
      done.add(1);
    }
    // A turn of the loop for the worker's own messages.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
