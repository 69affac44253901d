/**
 * Waits leave nothing in the heap. Each form of each call that waits is tried hundreds of times for each of its ends; afterwards bytes and
 * objects are as many as before. The memory's clock and threads are the test's, so that a timeout takes no time and a thread can die in its
 * sleep.
 */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { BrokenBarrierError, TimeoutError } from '#src/errors.js';
import { type Operation, Pending, type WaitOptions } from '#src/loop/index.js';
import { firstPage, pageSize, tableBegin } from '#src/memory/heap/heap-header.js';
import { become, collect, heapStatistics, joinObject, refOf, type SharedObject, theAgent, Word } from '#src/memory/index.js';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from '#src/sync/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { Killed, type PlainThread, PlainWorld } from '../memory/heap/plain-memory.js';

dontSpin();

/** One way to wait. What is waited for is not there until it is served. */
interface Wait<T extends SharedObject> {
  readonly make: () => T;
  readonly sync: (object: T, timeout?: number) => unknown;
  readonly async: (object: T, options?: WaitOptions) => Operation<unknown>;
  /** Before the wait, in its thread. */
  readonly before?: (object: T) => void;
  /** By the other thread: from now on the wait can end. */
  readonly serve: (object: T) => void;
  /** Gives back what the wait got, `undefined` if nothing: in its thread, then in the other one. */
  readonly after?: (object: T, got: unknown) => void;
  readonly again?: (object: T) => void;
}

type Acquirable = Lock | RLock | Semaphore;

/** Taken by the other thread before it is waited for. */
const taken = <T extends Acquirable>(make: () => T) => ({
  make: (): T => {
    const object = make();
    object.acquireSync();
    return object;
  },
  serve: (object: T): void => object.release(),
  again: (object: T): void => void object.tryAcquire(),
});

const acquired = <T extends Acquirable>(make: () => T): Wait<T> => ({
  ...taken(make),
  sync: (object, timeout) => object.acquireSync(timeout),
  async: (object, options) => object.acquire(options),
  after: (object, got) => void (got === true && object.release()),
});

const held = <T extends Acquirable>(make: () => T): Wait<T> => ({
  ...taken(make),
  sync: (object, timeout) => object.holdSync(timeout),
  async: (object, options) => object.hold(options),
  after: (_, got) => (got as Disposable | undefined)?.[Symbol.dispose](),
});

const notified = (make: () => Condition): Wait<Condition> => ({
  make,
  before: (condition) => void condition.acquireSync(),
  sync: (condition, timeout) => condition.waitSync(timeout),
  async: (condition, options) => condition.wait(options),
  serve: (condition) => {
    condition.acquireSync();
    condition.notify();
    condition.release();
  },
  after: (condition) => condition.release(),
});

/** The predicate is false when it is first asked. */
const hoped = (): (() => boolean) => {
  let asked = 0;
  return () => (asked += 1) > 1;
};

const waits: Record<string, Wait<any>> = {
  'Lock.acquire': acquired(() => new Lock()),
  'Lock.hold': held(() => new Lock()),
  'a fair Lock.acquire': acquired(() => new Lock({ fair: true })),
  'RLock.acquire': acquired(() => new RLock()),
  'RLock.hold': held(() => new RLock()),
  'Semaphore.acquire': acquired(() => new Semaphore(1)),
  'Semaphore.hold': held(() => new Semaphore(1)),
  'BoundedSemaphore.acquire': acquired(() => new BoundedSemaphore(1)),
  'BoundedSemaphore.hold': held(() => new BoundedSemaphore(1)),
  'Condition.wait': notified(() => new Condition()),
  'Condition.wait with an RLock': notified(() => new Condition(new RLock())),
  'Condition.waitFor': {
    ...notified(() => new Condition()),
    sync: (condition: Condition, timeout?: number) => condition.waitForSync(hoped(), timeout),
    async: (condition: Condition, options?: WaitOptions) => condition.waitFor(hoped(), options),
  },
  'Event.wait': {
    make: () => new Event(),
    sync: (event: Event, timeout?: number) => event.waitSync(timeout),
    async: (event: Event, options?: WaitOptions) => event.wait(options),
    serve: (event: Event) => event.set(),
    again: (event: Event) => event.clear(),
  },
  'Barrier.wait': {
    make: () => new Barrier(2),
    sync: (barrier: Barrier, timeout?: number) => barrier.waitSync(timeout),
    async: (barrier: Barrier, options?: WaitOptions) => barrier.wait(options),
    serve: (barrier: Barrier) => void barrier.waitSync(),
    again: (barrier: Barrier) => barrier.reset(),
  },
  'Word.wait': {
    make: () => new Word(),
    sync: (word: Word, timeout?: number) => word.wait(0, timeout),
    async: (word: Word, options?: WaitOptions) => word.waitAsync(0, options),
    serve: (word: Word) => {
      word.store(1);
      word.notify();
    },
    again: (word: Word) => void word.store(0),
  },
};

/** The world of one test: the waiter, and the other thread. Handles are kept, so that none becomes garbage of a dead thread. */
class Scene<T extends SharedObject> {
  readonly world: PlainWorld = new PlainWorld();
  readonly other: PlainThread = this.world.thread();
  readonly wait: Wait<T>;
  readonly #object: T;
  readonly #handles = new Map<PlainThread, T>();

  constructor(wait: Wait<T>) {
    this.wait = wait;
    this.#object = this.as(this.other, () => wait.make());
    this.#handles.set(this.other, this.#object);
  }

  as<R>({ agent }: PlainThread, body: () => R): R {
    const before = theAgent();
    become(agent);
    try {
      return body();
    } finally {
      become(before);
    }
  }

  of(thread: PlainThread): T {
    let handle = this.#handles.get(thread);
    if (handle === undefined) {
      handle = this.as(thread, () => joinObject(refOf(this.#object)) as T);
      this.#handles.set(thread, handle);
    }
    return handle;
  }

  serve(): void {
    this.as(this.other, () => this.wait.serve(this.of(this.other)));
  }

  /** Puts everything back for the next round. */
  end(thread: PlainThread, got: unknown): void {
    this.as(thread, () => this.wait.after?.(this.of(thread), got));
    this.as(this.other, () => this.wait.again?.(this.of(this.other)));
  }

  begin(thread: PlainThread): void {
    this.as(thread, () => this.wait.before?.(this.of(thread)));
  }

  left(): object {
    return this.as(this.other, () => {
      collect();
      const { used, objects, size } = heapStatistics();
      return { used, objects, size };
    });
  }
}

/** The outcome; errors of a timeout or an end count as nothing. */
function result(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    if (error instanceof TimeoutError || error instanceof BrokenBarrierError || error === ended) return undefined;
    throw error;
  }
}

const ended = new Error('ended from outside');

function settle(operation: Operation<unknown>): unknown {
  assert.ok(!(operation instanceof Pending && operation.isPending), 'the wait has no end');
  return result(() => operation[Symbol.iterator]().next().value);
}

type Round = (scene: Scene<any>, thread: PlainThread) => void;

const turn = (scene: Scene<any>, thread: PlainThread): void =>
  scene.as(thread, () => [...thread.agent.waits].forEach((wait) => wait.step()));

const syncRounds: Record<string, Round> = {
  'it is served': (scene, thread) => {
    scene.begin(thread);
    const turns = [() => scene.serve()];
    scene.world.whileAsleep = () => turns.shift()?.();
    scene.end(
      thread,
      scene.as(thread, () => scene.wait.sync(scene.of(thread))),
    );
    assert.equal(turns.length, 0, 'it did not wait');
  },
  'it takes too long': (scene, thread) => {
    scene.begin(thread);
    scene.world.whileAsleep = () => (scene.world.clock += 10);
    const got = scene.as(thread, () => result(() => scene.wait.sync(scene.of(thread), 5)));
    assert.ok(got === false || got === undefined || got === 'timed-out' || got === true, String(got));
    scene.end(thread, got === false ? undefined : got);
  },
};

const begun = (scene: Scene<any>, thread: PlainThread, options?: WaitOptions): Pending<unknown> => {
  scene.begin(thread);
  const operation = scene.as(thread, () => scene.wait.async(scene.of(thread), options) as Pending<unknown>);
  assert.ok(operation.isPending, 'it did not wait');
  operation.catch(() => {});
  return operation;
};

const asyncRounds: Record<string, Round> = {
  'it is served': (scene, thread) => {
    const operation = begun(scene, thread);
    scene.serve();
    turn(scene, thread);
    scene.end(thread, settle(operation));
  },
  'it takes too long': (scene, thread) => {
    const operation = begun(scene, thread, { timeout: 1e6 });
    // As the timer does.
    scene.as(thread, () => operation.expire());
    turn(scene, thread);
    const got = settle(operation);
    scene.end(thread, got === false ? undefined : got);
  },
  'it is aborted': (scene, thread) => {
    const controller = new AbortController();
    const operation = begun(scene, thread, { signal: controller.signal });
    scene.as(thread, () => controller.abort(ended));
    turn(scene, thread);
    scene.end(thread, settle(operation));
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  },
  'it is killed': (scene, thread) => {
    const operation = begun(scene, thread);
    scene.as(thread, () => operation.reject(ended));
    turn(scene, thread);
    scene.end(thread, settle(operation));
  },
};

/** The words that a small heap uses: header, slots and the first pages. */
const firstWord = (firstPage * pageSize) / 4;
const usedParts = [
  [0, tableBegin + 64],
  [firstWord, firstWord + 16 * (pageSize / 4)],
] as const;

/** Every step of the thread after its death is undone: it made none. */
function dieAsleep(scene: Scene<any>, thread: PlainThread): void {
  scene.begin(thread);
  const [words] = scene.world.segments;
  let before: Int32Array[] = [];
  scene.world.whileAsleep = () => {
    before = usedParts.map(([from, to]) => words!.slice(from, to));
    throw new Killed('asleep');
  };
  assert.throws(() => scene.as(thread, () => scene.wait.sync(scene.of(thread))), Killed);
  for (const [i, part] of before.entries()) words!.set(part, usedParts[i]![0]);
  thread.die();
  scene.world.whileAsleep = undefined;
}

for (const [name, wait] of Object.entries(waits)) {
  for (const [form, rounds] of Object.entries({ sync: syncRounds, async: asyncRounds })) {
    for (const [how, round] of Object.entries(rounds)) {
      test(`${name}, ${form}: a thousand times leave nothing in the heap when ${how}`, () => {
        const scene = new Scene(wait);
        const thread = scene.world.thread();
        round(scene, thread);
        const before = scene.left();
        for (let i = 0; i < 1000; i += 1) {
          scene.world.sleeps = 0;
          round(scene, thread);
        }
        assert.deepEqual(scene.left(), before);
        assert.equal([...thread.agent.waits].length, 0);
      });
    }
  }

  test(`${name}: threads that waited and live on have no place in the line`, () => {
    const scene = new Scene(wait);
    for (let i = 0; i < 40; i += 1) syncRounds['it is served']!(scene, scene.world.thread());
    const { objects } = scene.left() as { objects: Record<string, number> };
    assert.equal(objects['[owned]'], undefined, 'a record has room for two, and one waited at a time');
  });

  test(`${name}: threads that die while they wait leave nothing in the heap`, () => {
    const scene = new Scene(wait);
    const deaths = (count: number): void => {
      for (let i = 0; i < count; i += 1) {
        const [asleep, looping] = [scene.world.thread(), scene.world.thread()];
        dieAsleep(scene, asleep);
        scene.as(scene.other, () => wait.again?.(scene.of(scene.other)));
        begun(scene, looping);
        looping.die();
        scene.as(scene.other, () => wait.again?.(scene.of(scene.other)));
      }
    };
    // Entries of the dead are removed only when no other entry is free, so some are always there.
    deaths(20);
    const before = scene.left();
    deaths(40);
    assert.deepEqual(scene.left(), before);
  });
}
