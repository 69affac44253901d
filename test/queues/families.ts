/**
 * The families of queues that one table of rules is for: those of coroutines, in one thread, and those that threads and processes share. A further kind is
 * entered here by its name, what it has, and the order in which its items come out.
 */

import * as heddle from 'heddle';
import * as coroutine from 'heddle/coroutine';
import { isByManager, LifoQueue, PriorityQueue, Queue } from '../sync/made.js';

/** The features of a kind of queue. A rule names the ones that it needs. */
export type Feature =
  /** A bound: `maxSize`, `full()`, puts that wait. */
  | 'bound'
  /** `putNowait`, `getNowait`, `qsize`. */
  | 'nowait'
  /** `putMany`, `getMany`. */
  | 'many'
  /** `taskDone`, `join`. */
  | 'tasks'
  /** `shutdown`, and `isShutDown`. */
  | 'shutdown'
  /** Sync forms; the queue is shared by threads and processes. */
  | 'shared'
  /** First in, first out. */
  | 'fifo'
  /** A put takes options. */
  | 'options'
  /** An iteration takes items. */
  | 'iteration';

type Limit = number | { readonly timeout?: number; readonly signal?: AbortSignal; readonly block?: boolean };

/** All that a queue may have, as a rule calls it. */
export interface AnyQueue<T = any> extends AsyncIterable<T> {
  readonly maxSize: number;
  readonly isShutDown: boolean;
  put(item: T, options?: Limit): heddle.Operation<void>;
  get(options?: Limit): heddle.Operation<T>;
  putSync(item: T, options?: Limit): void;
  getSync(options?: Limit): T;
  putNowait(item: T): void;
  getNowait(): T;
  putMany(items: Iterable<T>, options?: Limit): heddle.Operation<void>;
  getMany(max: number, options?: Limit): heddle.Operation<T[]>;
  putManySync(items: Iterable<T>, options?: Limit): void;
  getManySync(max: number, options?: Limit): T[];
  qsize(): number;
  empty(): boolean;
  full(): boolean;
  taskDone(): void;
  join(options?: Limit): heddle.Operation<boolean>;
  joinSync(options?: Limit): boolean;
  shutdown(options?: { readonly immediate?: boolean }): void;
  close(): void;
  toString(): string;
  statistics(): Readonly<Record<string, number>>;
}

export interface Family {
  /** As a rule that does not hold for it names it: `shared Queue`. */
  readonly name: string;
  /** The name of its class. */
  readonly className: string;
  /** The name in errors: `queue`. */
  readonly noun: string;
  /** A call as errors name it: `Queue.get()`. */
  called(verb: string): string;
  readonly has: ReadonlySet<Feature>;
  make(maxSize?: number): AnyQueue;
  /** Different items, all put before the first is taken, in the order in which they come out. */
  inOrder(items: readonly number[]): readonly number[];
}

type Class = abstract new (...args: any[]) => object;

interface Kind {
  readonly where: 'coroutine' | 'shared';
  readonly Class: Class;
  readonly noun?: string;
  /** Names of its methods that are not those of a queue. */
  readonly names?: Readonly<Record<string, string>>;
  readonly has: readonly Feature[];
  readonly inOrder?: (items: readonly number[]) => readonly number[];
}

const asPut = (items: readonly number[]): readonly number[] => items;
const newestFirst = (items: readonly number[]): readonly number[] => items.toReversed();
const lowestFirst = (items: readonly number[]): readonly number[] => items.toSorted((one, other) => one - other);

const plain: readonly Feature[] = ['options', 'iteration'];
const all: readonly Feature[] = [...plain, 'bound', 'nowait', 'many', 'tasks', 'shutdown'];
/** A deque whose items are appended and leave at the left end. */
const ofDeque = { put: 'append', get: 'popLeft', putSync: 'appendSync', getSync: 'popLeftSync' };

/** Of those that threads and processes share, what a manager makes. */
const managed: readonly Kind[] = [
  { where: 'shared', Class: Queue, has: [...all, 'shared', 'fifo'] },
  { where: 'shared', Class: LifoQueue, has: [...all, 'shared'], inOrder: newestFirst },
  { where: 'shared', Class: PriorityQueue, has: [...all, 'shared'], inOrder: lowestFirst },
];

const kinds: readonly Kind[] = [
  { where: 'coroutine', Class: coroutine.Queue, has: [...all, 'fifo'] },
  { where: 'coroutine', Class: coroutine.SimpleQueue, has: [...plain, 'bound', 'nowait', 'many', 'shutdown', 'fifo'] },
  { where: 'coroutine', Class: coroutine.LifoQueue, has: all, inOrder: newestFirst },
  { where: 'coroutine', Class: coroutine.PriorityQueue, has: all, inOrder: lowestFirst },
  ...managed,
  { where: 'shared', Class: heddle.SimpleQueue, has: [...plain, 'shared', 'fifo'] },
  { where: 'shared', Class: heddle.Deque, has: ['shared', 'fifo'], noun: 'deque', names: ofDeque },
];

/** The same queue under the names of a queue: an object of functions, which travel with what they have captured. */
function renamed(queue: object, names: Readonly<Record<string, string>>): AnyQueue {
  const known = queue as Readonly<Record<string, (...args: unknown[]) => unknown>> & { readonly length: number };
  const methods = Object.entries(names).map(([name, own]) => [name, (...args: unknown[]) => known[own]!(...args)]);
  return {
    ...(Object.fromEntries(methods) as AnyQueue),
    empty: () => known.length === 0,
    statistics: () => known['statistics']!() as Record<string, number>,
  };
}

const nameOf = ({ where, Class }: Kind): string => `${where} ${Class.name}`;

/** Of all, also of those for which the rules are not tried now. */
export const familyNames: readonly string[] = kinds.map(nameOf);

export const families: readonly Family[] = (isByManager ? managed : kinds).map(
  ({ where, Class, has, noun = 'queue', names, inOrder = asPut }) => ({
    name: nameOf({ where, Class, has }),
    className: Class.name,
    noun,
    called: (verb) => `${Class.name}.${names?.[verb] ?? verb}()`,
    has: new Set(has),
    make: (maxSize) => {
      const queue = new (Class as unknown as new (maxSize?: number) => AnyQueue)(maxSize);
      return names === undefined ? queue : renamed(queue, names);
    },
    inOrder,
  }),
);
