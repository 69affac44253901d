/** Waiting for the first of many objects, without taking anything from them. Source: multiprocessing.connection.wait */

import { expected } from '../check.ts';
import { Done, Failed, isAborted, type Operation, Pending, readWaitOptions, type WaitOptions } from '../loop/index.ts';
import { type Readiness, readinessOf } from '../readiness.ts';
import { TypeError } from '../refusals.ts';
import { Ready } from './operations.ts';
import type { QueueCore } from './queue-core.ts';

/** Of an object with getters. @param check throws where its handle is closed */
export function coreReadiness(core: QueueCore<any>, check: () => void): Readiness {
  return {
    isReady() {
      check();
      return core.isReady();
    },
    watch(ready) {
      const watch = new Watch(core, ready);
      return () => watch.end();
    },
  };
}

class Watch extends Ready {
  readonly #ready: (error?: unknown) => void;

  constructor(core: QueueCore<any>, ready: (error?: unknown) => void) {
    super(core, 'waitReady', undefined);
    this.#ready = ready;
    // One of many: to look at each for a moment would take long.
    this.wait(undefined, false);
  }

  override settle(isReady: boolean): void {
    super.settle(isReady);
    this.#ready();
  }

  override fail(error: unknown): void {
    if (!this.isPending) return;
    super.settle(false);
    this.#ready(error);
  }

  end(): void {
    if (!this.isPending) return;
    this.detach();
    super.settle(false);
    this.left();
  }
}

class WaitReady<O extends object> extends Pending<O[]> {
  readonly #objects: ReadonlyMap<O, Readiness>;
  readonly #ends: Map<O, () => void> = new Map();

  constructor(objects: ReadonlyMap<O, Readiness>, options: WaitOptions | undefined) {
    super();
    this.#objects = objects;
    if (!isAborted(options)) for (const object of objects.keys()) if (this.isPending) this.#watch(object);
    this.limit(options);
  }

  describe(): string {
    return `waitReady() for ${this.#objects.size} objects`;
  }

  #watch(object: O): void {
    // Set first: it may be ready before `watch` has returned.
    this.#ends.set(object, () => {});
    const end = this.#objects.get(object)!.watch((error) => this.#told(object, error));
    if (this.#ends.has(object)) this.#ends.set(object, end);
    else end();
  }

  #told(object: O, error: unknown): void {
    if (!this.isPending) return;
    this.#ends.delete(object);
    if (error !== undefined) return this.#failWith(error);
    try {
      const ready = readyOf(this.#objects);
      // Another thread was faster.
      if (ready.length === 0) return this.#watch(object);
      this.#leave();
      this.settle(ready);
    } catch (thrown) {
      this.#failWith(thrown);
    }
  }

  #failWith(error: unknown): void {
    this.#leave();
    this.fail(error);
  }

  #leave(): void {
    const ends = [...this.#ends.values()];
    this.#ends.clear();
    for (const end of ends) end();
  }

  override expire(): void {
    this.#leave();
    this.settle([]);
  }

  protected override abandon(): void {
    this.#leave();
  }
}

function readyOf<O extends object>(objects: ReadonlyMap<O, Readiness>): O[] {
  const ready: O[] = [];
  for (const [object, one] of objects) if (one.isReady()) ready.push(object);
  return ready;
}

function readObjects<O extends object>(objects: Iterable<O>): Map<O, Readiness> {
  if (typeof (objects as Iterable<O> | undefined | null)?.[Symbol.iterator] !== 'function')
    throw new TypeError(expected('objects', 'an iterable of connections, queues, processes, threads and futures', objects));
  const read = new Map<O, Readiness>();
  let i = 0;
  for (const object of objects) {
    const one = readinessOf(object);
    if (one === undefined) throw new TypeError(expected(`objects[${i}]`, 'a connection, a queue, a process, a thread or a future', object));
    read.set(object, one);
    i += 1;
  }
  return read;
}

/**
 * Waits until at least one of the objects is ready, and resolves to all that are, in their order. A connection or queue is ready if a
 * `recv` or `get` would end at once, a process or thread when it has ended, a future when it is done. Takes nothing, so another thread or
 * process may be faster than the call that follows. Without a timeout an empty list is waited for indefinitely, as in Python.
 *
 * Source: multiprocessing.connection.wait
 *
 * @param objects each once; up to thousands
 * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default. A time-out gives `[]`
 * @throws TypeError for something that cannot be waited for; InvalidStateError for a closed handle or the sending end of a one-way pipe; ProcessError for a process or
 * thread that was not started
 *
 * @example
 * ```ts
 * import { Pipe, Queue, waitReady } from 'heddle';
 *
 * const [reader, writer] = Pipe<string>(false);
 * const queue = new Queue<string>();
 * await writer.send('hello');
 * const ready = await waitReady([queue, reader]);
 * console.log(ready.length, ready[0] === reader); // prints: 1 true
 * console.log(await reader.recv()); // prints: hello
 * ```
 */
export function waitReady<O extends object>(objects: Iterable<O>, options?: number | WaitOptions): Operation<O[]> {
  const wait = options === undefined ? undefined : readWaitOptions(options);
  const read = readObjects(objects);
  if (!isAborted(wait)) {
    try {
      const ready = readyOf(read);
      if (ready.length > 0) return new Done(ready);
    } catch (error) {
      return new Failed(error);
    }
  }
  return new WaitReady(read, wait);
}
