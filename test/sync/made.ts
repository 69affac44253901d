/**
 * The classes of locks, queues and shared numbers, for suites that hold for those of a manager as well. Where HEDDLE_TEST_MANAGER is set, `new Lock()` in the
 * test's own thread is what a manager's `LockSync()` gives. Workers import the module again, and get the classes as they are.
 */

import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import * as heddle from 'heddle';

export const isByManager: boolean = process.env['HEDDLE_TEST_MANAGER'] === '1';

type Class = abstract new (...args: any[]) => object;

const manager = isByManager && isMainThread && heddle.parentProcess() === null ? await heddle.Manager.start() : undefined;
if (manager !== undefined) after(() => manager.shutdown());

const behind = new Map<Class, Class>();

/** The class itself, which can be sent to a worker. */
export const itself = <C extends Class>(Class: C): C => (behind.get(Class) ?? Class) as C;

/** The class, whose objects the manager makes. A subclass makes its own. */
function made<C extends Class>(Class: C, name: string = Class.name): C {
  if (manager === undefined) return Class;
  const factories = manager as unknown as Readonly<Record<string, (...args: unknown[]) => object>>;
  const byManager: C = new Proxy(Class, {
    construct: (_, args: unknown[], target) =>
      target === byManager ? factories[`${name}Sync`]!(...args) : (Reflect.construct(Class as never, args, target) as object),
  });
  behind.set(byManager, Class);
  return byManager;
}

export const Lock: typeof heddle.Lock = made(heddle.Lock);
export const RLock: typeof heddle.RLock = made(heddle.RLock);
export const Semaphore: typeof heddle.Semaphore = made(heddle.Semaphore);
export const BoundedSemaphore: typeof heddle.BoundedSemaphore = made(heddle.BoundedSemaphore);
export const Condition: typeof heddle.Condition = made(heddle.Condition);
export const Event: typeof heddle.Event = made(heddle.Event);
export const Barrier: typeof heddle.Barrier = made(heddle.Barrier);
export const Queue: typeof heddle.Queue = made(heddle.Queue);
export const JoinableQueue: typeof heddle.JoinableQueue = made(heddle.JoinableQueue, 'JoinableQueue');
export const LifoQueue: typeof heddle.LifoQueue = made(heddle.LifoQueue);
export const PriorityQueue: typeof heddle.PriorityQueue = made(heddle.PriorityQueue);
export const Value: typeof heddle.Value = made(heddle.Value);
export const SharedArray: typeof heddle.SharedArray = made(heddle.SharedArray, 'Array');

export type Lock = heddle.Lock;
export type RLock = heddle.RLock;
export type Semaphore = heddle.Semaphore;
export type BoundedSemaphore = heddle.BoundedSemaphore;
export type Condition = heddle.Condition;
export type Event = heddle.Event;
export type Barrier = heddle.Barrier;
export type Queue<T = unknown> = heddle.Queue<T>;
export type Value<T extends heddle.TypeCode> = heddle.Value<T>;
export type SharedArray<T extends heddle.TypeCode> = heddle.SharedArray<T>;
