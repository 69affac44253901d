/** The results of a connected manager's factories for locks, queues and numbers: their calls run at the manager. */

import type { Queue } from '../channel/index.ts';
import type { SyncWaitOptions, WaitOptions } from '../loop/index.ts';
import type { SharedArray, TypeCode, Value } from '../shared/index.ts';
import type { Barrier, Condition, Event, Lock, RLock, Semaphore } from '../sync/index.ts';
import type { Proxy } from './types.ts';

type Timeout = number | SyncWaitOptions;

/** Code that runs at the caller while an object is held at the manager. */
interface Holding {
  /** Waits for it and gives a guard for `using`, which releases it. @throws TimeoutError if it took longer than `timeout` */
  hold(options?: number | WaitOptions): Promise<Disposable>;
  /** As `hold`, and blocks the thread meanwhile. */
  holdSync(timeout?: Timeout): Disposable;
  /** Calls a function here while it has the lock, and gives its result. */
  run<R>(fn: () => R | Promise<R>, options?: number | WaitOptions): Promise<R>;
}

/** Methods of a class that are not called at the manager. */
type AtCaller = 'hold' | 'holdSync' | 'run' | 'waitFor' | 'waitForSync' | 'close' | 'view' | 'toString';
type Called<T> = Proxy<Omit<T, AtCaller | symbol>>;

/** A lock or a semaphore at a manager, called over a connection: each connection is a thread of its own to it. Source: multiprocessing.managers.AcquirerProxy */
export type AcquirerProxy<T extends Lock | RLock | Semaphore = Lock> = Called<T> & Holding;
/** A condition at a manager. Source: multiprocessing.managers.ConditionProxy */
export type ConditionProxy = Called<Condition> &
  Holding & {
    /** Waits until the predicate, which runs here, gives something true; after `timeout` milliseconds gives what it gave last. */
    waitFor<R>(predicate: () => R, options?: number | WaitOptions): Promise<R>;
    /** As `waitFor`, and blocks the thread. */
    waitForSync<R>(predicate: () => R, timeout?: Timeout): R;
  };
/** An event at a manager. Source: multiprocessing.managers.EventProxy */
export type EventProxy = Called<Event>;
/** A barrier at a manager. Source: multiprocessing.managers.BarrierProxy */
export type BarrierProxy = Called<Barrier>;
/** A queue at a manager. `for await` takes items until it is shut down. */
export type QueueProxy<T = unknown> = Called<Queue<T>> & AsyncIterable<T>;
/** A number at a manager. Source: multiprocessing.managers.ValueProxy */
export type ValueProxy<T extends TypeCode> = Called<Value<T>>;
/** An array of numbers at a manager. Source: multiprocessing.managers.ArrayProxy */
export type ArrayProxy<T extends TypeCode> = Called<SharedArray<T>>;
