/**
 * Which thread gets what is released while another waits for it. Threads that the test acts as, one at a time, on a memory whose clock it moves: so the
 * one that runs tries to overtake at the very moment in which it could.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from '#src/errors.js';
import { type Operation, Pending } from '#src/loop/index.js';
import { become, joinObject, refOf, theAgent } from '#src/memory/index.js';
import { BoundedSemaphore, Condition, Lock, RLock, Semaphore } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { type PlainThread, PlainWorld } from '../../memory/heap/plain-memory.js';

dontSpin();

type Acquirable = Lock | RLock | Semaphore | Condition;

/** Acts as a thread. */
function as<T>({ agent }: PlainThread, body: () => T): T {
  const before = theAgent();
  become(agent);
  try {
    return body();
  } finally {
    become(before);
  }
}

/** The event loop of a thread hears its bell. */
const turn = (thread: PlainThread): void => as(thread, () => [...thread.agent.waits].forEach((wait) => wait.step()));

function settled<T>(operation: Operation<T>): T {
  assert.ok(!(operation instanceof Pending && operation.isPending), 'the one that waits was not served');
  return operation[Symbol.iterator]().next().value as T;
}

class Scene<T extends Acquirable> {
  readonly world: PlainWorld = new PlainWorld();
  readonly runner: PlainThread = this.world.thread();
  readonly waiter: PlainThread = this.world.thread();
  readonly newcomer: PlainThread = this.world.thread();
  readonly #object: T;

  constructor(make: () => T) {
    this.#object = as(this.runner, make);
  }

  /** A thread's handle on what they share. */
  of(thread: PlainThread): T {
    return thread === this.runner ? this.#object : as(thread, () => joinObject(refOf(this.#object)) as T);
  }

  /** The actions of the other threads while the thread that runs next sleeps for the first time, the second, and so on. */
  whileAsleep(...turns: readonly (() => void)[]): void {
    const left = [...turns];
    this.world.whileAsleep = () => left.shift()?.();
  }

  /** The runner releases it `ms` after the waiter has come, and then both it and a newcomer try to take it. Returns how many did. */
  releaseAndOvertake(ms: number, release: (object: T) => void): number {
    this.world.clock += ms;
    as(this.runner, () => release(this.of(this.runner)));
    let taken = 0;
    for (const thread of [this.runner, this.newcomer]) {
      as(thread, () => {
        const object = this.of(thread);
        for (const take of [() => object.tryAcquire(), () => object.acquireSync(0), () => hasGuard(object)]) {
          if (!take()) continue;
          taken += 1;
          object.release();
        }
      });
    }
    return taken;
  }
}

/** True if it returns a guard at once. The caller releases what was acquired. */
function hasGuard(object: Acquirable): boolean {
  try {
    object.holdSync(0)[Symbol.dispose]();
    return object.tryAcquire();
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    return false;
  }
}

const attempts = 6;

/** How the waiter waits, and gives back what it got. */
const forms: Record<string, (object: Acquirable) => Operation<unknown> | undefined> = {
  acquireSync: (object) => assert.ok(object.acquireSync()) as undefined,
  holdSync: (object) => void object.holdSync(),
  acquire: (object) => object.acquire(),
  hold: (object) => object.hold(),
};

/** Returns how often others took it although the waiter has waited for `ms`. */
function overtaken<T extends Acquirable>(make: () => T, form: string, ms: number, release: (object: T) => void): number {
  const scene = new Scene(make);
  const { runner, waiter } = scene;
  let taken = -1;
  const others = (): void => void (taken = scene.releaseAndOvertake(ms, release));
  as(runner, () => scene.of(runner).acquireSync());
  scene.whileAsleep(others);
  const operation = as(waiter, () => forms[form]!(scene.of(waiter)));
  if (operation !== undefined) {
    others();
    turn(waiter);
    settled(operation);
  }
  assert.notEqual(taken, -1, 'no thread waited');
  return taken;
}

const makes: Record<string, (options?: { fair: boolean }) => Acquirable> = {
  Lock: (options) => new Lock(options),
  RLock: (options) => new RLock(options),
  Semaphore: (options) => new Semaphore(1, options),
  BoundedSemaphore: (options) => new BoundedSemaphore(1, options),
  'Condition with a Lock': (options) => new Condition(new Lock(options)),
  'Condition with an RLock': (options) => new Condition(new RLock(options)),
};

for (const [name, make] of Object.entries(makes)) {
  for (const form of Object.keys(forms)) {
    const releaseOne = (object: Acquirable): void => object.release();
    test(`${name}: is kept for a waiter in ${form} of more than a millisecond`, () => {
      assert.equal(overtaken(make, form, 2, releaseOne), 0);
      assert.equal(overtaken(make, form, 1000, releaseOne), 0);
    });

    test(`${name}: may be taken by a running thread until another has waited in ${form} for a millisecond`, () => {
      assert.equal(overtaken(make, form, 0, releaseOne), attempts);
    });

    test(`${name}: is kept at once for a waiter in ${form}, with { fair: true }`, () => {
      assert.equal(
        overtaken(() => make({ fair: true }), form, 0, releaseOne),
        0,
      );
    });
  }
}

for (const form of Object.keys(forms)) {
  test(`permits returned together are kept for a waiter in ${form}`, () => {
    const releaseTwo = (semaphore: Semaphore): void => semaphore.release(2);
    assert.equal(
      overtaken(() => new Semaphore(1), form, 2, releaseTwo),
      0,
    );
  });

  test(`a permit returned by a guard is kept for a waiter in ${form}`, () => {
    let guard: Disposable;
    const make = (): Semaphore => {
      const semaphore = new Semaphore(2);
      guard = semaphore.holdSync();
      return semaphore;
    };
    assert.equal(
      overtaken(make, form, 2, () => guard[Symbol.dispose]()),
      0,
    );
  });
}

const conditions: Record<string, () => Condition> = { Lock: () => new Condition(), RLock: () => new Condition(new RLock()) };

for (const [name, make] of Object.entries(conditions)) {
  test(`${name}: a notified waiter in waitSync reacquires it after a millisecond, whatever runs`, () => {
    const scene = new Scene(make);
    const { runner, waiter } = scene;
    let taken = -1;
    scene.whileAsleep(
      () =>
        as(runner, () => {
          scene.of(runner).acquireSync();
          scene.of(runner).notify();
        }),
      () => void (taken = scene.releaseAndOvertake(2, (condition) => condition.release())),
    );
    as(waiter, () => {
      scene.of(waiter).acquireSync();
      assert.equal(scene.of(waiter).waitSync(), true);
    });
    assert.equal(taken, 0);
  });

  test(`${name}: a notified waiter in wait reacquires it after a millisecond, whatever runs`, () => {
    const scene = new Scene(make);
    const { runner, waiter } = scene;
    const wait = as(waiter, () => {
      scene.of(waiter).acquireSync();
      return scene.of(waiter).wait();
    });
    as(runner, () => {
      scene.of(runner).acquireSync();
      scene.of(runner).notify();
    });
    turn(waiter);
    assert.equal(
      scene.releaseAndOvertake(2, (condition) => condition.release()),
      0,
    );
    turn(waiter);
    assert.equal(settled(wait), true);
  });
}

for (const [name, make] of Object.entries(makes)) {
  test(`${name}: a thread that takes again what it releases does not starve a waiter`, () => {
    const scene = new Scene(make);
    const { runner, waiter, world } = scene;
    let rounds = 0;
    as(runner, () => scene.of(runner).acquireSync());
    // The one that waits wakes up in each round, and comes too late.
    world.whileAsleep = () =>
      as(runner, () => {
        rounds += 1;
        assert.ok(rounds < 100, 'the one that waits starves');
        world.clock += 1;
        scene.of(runner).release();
        if (!scene.of(runner).tryAcquire()) world.whileAsleep = undefined;
      });
    as(waiter, () => scene.of(waiter).acquireSync());
    assert.equal(rounds, 2);
  });
}
