/**
 * One worker of a pool, from its start: it is ready for tasks when its initializer has ended well, and it has so long for that.
 *
 *   WorkerHandle ready --initializer--> started --jobs--> … ended
 *              `-- startTimeout, or its initializer failed --> killed --> ended, with the reason
 */

import type { Capsule, Packet } from '../../codec/index.ts';
import { HeddleError, TimeoutError, type WorkerEnd } from '../../errors.ts';
import { nextTick, setImmediate } from '../../real-timers.ts';
import { type Call, WorkerHandle, type WorkerEvents, type WorkerKind, type WorkerOptions } from '../../worker/index.ts';
import { later } from '../jobs/timers.ts';
import type { FailedStart } from '../scheduler/index.ts';

/** The id of the initializer's call; tasks count from 1. */
const initializerId = 0;

export interface Initializer {
  readonly capsule: Capsule;
  readonly args: Packet;
}

export interface PoolWorkerOptions extends WorkerOptions {
  readonly kind: WorkerKind;
  readonly initializer: Initializer | undefined;
  /** Milliseconds until it must be ready. */
  readonly startTimeout: number;
  /** The milliseconds of an initializer that is not wanted any more. */
  readonly gracePeriod: number;
}

/** The events of a worker for its pool; those of its tasks only after it has started. */
export interface PoolWorkerEvents extends Omit<WorkerEvents, 'ready' | 'ended'> {
  started(): void;
  /** @param failure why it could not start, if it did not */
  ended(end: WorkerEnd, begun: ReadonlySet<number> | undefined, failure: StartFailure | undefined): void;
}

export interface StartFailure {
  readonly error: unknown;
  /** The verdict on the next start. */
  readonly kind: FailedStart;
}

export class PoolWorker {
  /** By which the scheduler knows it. */
  readonly id: number;
  /** Jobs that it was sent and has neither ended nor given back. */
  jobs = 0;
  /** Since when it has nothing to do (`idle-watch.ts`); 0: it has something, or has not started. */
  restsSince = 0;
  /** As `prefetch.ts` has it. */
  silentSince = 0;
  /** Why this program ends it, if it does. */
  why: string | undefined;
  readonly #options: PoolWorkerOptions;
  readonly #events: PoolWorkerEvents;
  #handle: WorkerHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: StartFailure | undefined;
  #hasStarted = false;
  #isInitializing = false;
  #isStopped = false;

  constructor(id: number, options: PoolWorkerOptions, events: PoolWorkerEvents) {
    this.id = id;
    this.#options = options;
    this.#events = events;
    const { kind } = options;
    try {
      this.#handle = new WorkerHandle(kind, options, {
        ...this.#whenStarted(),
        outcome: (_initializer, ok, value) => this.#initialized(ok, value),
      });
    } catch (error) {
      // The system refused at once.
      nextTick(() => this.#ended({ kind, pid: null, threadId: null, exitCode: null, signal: null, error }, undefined));
      return;
    }
    this.#awaitStart();
  }

  /** To be used only when it has started. */
  get handle(): WorkerHandle {
    return this.#handle!;
  }

  /** @param isNow it does not wait for its own pools */
  stop(isNow: boolean): void {
    this.#isStopped = true;
    // An initializer that never ends must not hold us up.
    this.#handle?.stop(this.#isInitializing ? this.#options.gracePeriod : undefined, isNow);
  }

  /** If it was told to end, it does not wait for its own pools any longer. */
  hurry(): void {
    if (this.#isStopped) this.stop(true);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#isStopped = true;
    if (signal === 'SIGTERM') this.#handle?.kill(signal, this.#options.gracePeriod);
    else this.#handle?.kill();
  }

  #ready(): void {
    const { initializer } = this.#options;
    if (initializer === undefined) return this.#start();
    if (this.#isStopped) return;
    this.#isInitializing = true;
    this.handle.call(callOf(initializer));
  }

  #initialized(ok: boolean, value: unknown): void {
    this.#isInitializing = false;
    if (ok) this.#start();
    else this.#fail(value, 'failed');
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#hasStarted = true;
    // Later events do not belong to its start.
    this.handle.tell(this.#whenStarted());
    this.#events.started();
  }

  #whenStarted(): WorkerEvents {
    return { ...this.#events, ready: () => this.#ready(), ended: (end, begun) => this.#ended(end, begun) };
  }

  /** If this thread was busy for so long, what the worker has said meanwhile comes behind the timers: it is looked at first. */
  #awaitStart(): void {
    const { startTimeout } = this.#options;
    if (startTimeout === Infinity) return;
    const over = (): void => {
      const wasInitializing = this.#isInitializing;
      setImmediate(() => {
        if (this.#hasStarted) return;
        if (this.#isInitializing === wasInitializing) this.#startsTooLong();
        else this.#awaitStart();
      });
    };
    this.#timer = later(startTimeout, over).unref();
  }

  #startsTooLong(): void {
    const { kind, startTimeout } = this.#options;
    // The next one would only take as long again.
    this.#fail(new TimeoutError(`a worker ${kind} was not ready within ${startTimeout} ms, its startTimeout`), 'hopeless');
  }

  #fail(error: unknown, how: FailedStart): void {
    this.#failure ??= { error, kind: how };
    this.#handle?.kill();
  }

  #ended(end: WorkerEnd, begun: ReadonlySet<number> | undefined): void {
    clearTimeout(this.#timer);
    if (!this.#hasStarted)
      this.#failure ??= { error: end.error ?? endedEarly(end), kind: end.signal === 'SIGKILL' ? 'byChance' : 'failed' };
    this.#events.ended(end, begun, this.#failure);
  }
}

function callOf({ capsule, args }: Initializer): Call {
  const state = { ticket: 0, nth: 0, unanswered: 0 };
  return { id: initializerId, capsule, args, context: undefined, attempt: 1, how: undefined, ...state };
}

function endedEarly({ kind, pid, threadId, signal, exitCode }: WorkerEnd): HeddleError {
  const how = signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
  return new HeddleError(`worker ${kind} ${kind === 'thread' ? threadId : pid} ${how} before it was ready`);
}
