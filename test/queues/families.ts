/**
 * The families of queues that one table of rules is for: those of coroutines, in one thread, and those that threads and processes share. A further kind is
 * entered here by its name, what it has, and the order in which its items come out.
 */

import * as heddle from 'heddle';
import * as coroutine from 'heddle/coroutine';

/** What a kind of queue may have. A rule names what it needs. */
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
  | 'fifo';

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
  /** The name of its class, as errors say it. */
  readonly className: string;
  readonly has: ReadonlySet<Feature>;
  make(maxSize?: number): AnyQueue;
  /** Different items, all put before the first is taken, in the order in which they come out. */
  inOrder(items: readonly number[]): readonly number[];
}

type Class = abstract new (...args: any[]) => object;

interface Kind {
  readonly where: 'coroutine' | 'shared';
  readonly Class: Class;
  readonly has: readonly Feature[];
  readonly inOrder?: (items: readonly number[]) => readonly number[];
}

const asPut = (items: readonly number[]): readonly number[] => items;
const newestFirst = (items: readonly number[]): readonly number[] => items.toReversed();
const lowestFirst = (items: readonly number[]): readonly number[] => items.toSorted((one, other) => one - other);

const all: readonly Feature[] = ['bound', 'nowait', 'many', 'tasks', 'shutdown'];

const kinds: readonly Kind[] = [
  { where: 'coroutine', Class: coroutine.Queue, has: [...all, 'fifo'] },
  { where: 'coroutine', Class: coroutine.SimpleQueue, has: ['bound', 'nowait', 'many', 'shutdown', 'fifo'] },
  { where: 'coroutine', Class: coroutine.LifoQueue, has: all, inOrder: newestFirst },
  { where: 'coroutine', Class: coroutine.PriorityQueue, has: all, inOrder: lowestFirst },
  { where: 'shared', Class: heddle.Queue, has: [...all, 'shared', 'fifo'] },
  { where: 'shared', Class: heddle.SimpleQueue, has: ['shared', 'fifo'] },
];

export const families: readonly Family[] = kinds.map(({ where, Class, has, inOrder = asPut }) => ({
  name: `${where} ${Class.name}`,
  className: Class.name,
  has: new Set(has),
  make: (maxSize) => new (Class as unknown as new (maxSize?: number) => AnyQueue)(maxSize),
  inOrder,
}));
