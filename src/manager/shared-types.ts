/**
 * Locks, queues and numbers in shared memory, for programs that do not share it: the manager's own handle on such an object is called in
 * their name.
 *
 * The proxies have the members of the class. Code that runs at the caller, such as the body of `run`, is built there from calls of the
 * other methods (`extras`).
 */

import { Deque, LifoQueue, PriorityQueue, Queue, SimpleQueue } from '../channel/index.ts';
import { DROP, type Description, type Extras, HOLD } from '../proxy/index.ts';
import { SharedArray, Value } from '../shared/index.ts';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from '../sync/index.ts';

type AnyClass = abstract new (...args: any[]) => object;

/** The types that `create` makes by name, for clients that do not share memory. */
export const sharedTypes: ReadonlyMap<string, AnyClass> = new Map<string, AnyClass>([
  ['Queue', Queue],
  ['JoinableQueue', Queue],
  ['LifoQueue', LifoQueue],
  ['PriorityQueue', PriorityQueue],
  ['Lock', Lock],
  ['RLock', RLock],
  ['Semaphore', Semaphore],
  ['BoundedSemaphore', BoundedSemaphore],
  ['Condition', Condition],
  ['Event', Event],
  ['Barrier', Barrier],
  ['Value', Value],
  ['Array', SharedArray],
]);

const kinds: readonly (readonly [AnyClass, Extras | undefined])[] = [
  [Condition, 'condition'],
  [Lock, 'acquirer'],
  [RLock, 'acquirer'],
  [Semaphore, 'acquirer'],
  [Queue, 'queue'],
  [SimpleQueue, undefined],
  [Deque, undefined],
  [Event, undefined],
  [Barrier, undefined],
  [Value, undefined],
  [SharedArray, undefined],
];

/** Members without a meaning at the other end of a connection: memory itself, the closing of a handle, and code that runs at the caller. */
const left = new Set(['constructor', 'then', 'toString', 'close', 'view', 'hold', 'run', 'waitFor']);

/** Returns the methods of proxies of such an object; undefined if only programs that share memory can call it. */
export function describeShared(object: object): Description | undefined {
  const kind = kinds.find(([Class]) => object instanceof Class);
  if (kind === undefined) return undefined;
  const [Class, extras] = kind;
  const methods = new Set<string>();
  const properties = new Set<string>();
  for (let at = Object.getPrototypeOf(object) as object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    // Additional members of a program's subclass do not exist where the object has travelled.
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (!left.has(key)) (typeof value === 'function' ? methods : properties).add(key);
    if (at === Class.prototype) break;
  }
  // Such as the length of an array.
  for (const [key, value] of Object.entries(object)) if (typeof value === 'number') properties.add(key);
  for (const method of methods) if (method.endsWith('Sync')) methods.delete(method);
  if (extras === 'acquirer' || extras === 'condition') for (const method of [HOLD, DROP]) methods.add(method);
  return { name: object.constructor.name, methods: [...methods], properties: [...properties], isIterable: false, extras, waits: true };
}
