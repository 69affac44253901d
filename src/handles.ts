/**
 * The access of the codec and the links to shared objects, which is empty until the memory layer is loaded. Until then this thread has no
 * shared object. A worker that never meets one loads nothing of the shared heap, and starts faster.
 *
 *    codec, worker ──▶ this file ◀── src/memory registers itself when it is loaded: by `heddle`, or for the first parcel that arrives
 */

import { types } from 'node:util';

/**
 * The value that travels with an object and is not in the shared heap, such as a barrier's action. It is encoded like any other value, and
 * passed to the arriving handle; undefined: nothing.
 */
export const luggage: unique symbol = Symbol('luggage');

/**
 * Method on the prototype of a class of heddle whose instances stay where they are. Returns the reason, or undefined where an instance may
 * cross. The class itself takes care of what it keeps beside its instances.
 */
export const notSent: unique symbol = Symbol('not sent');

/**
 * Method on the prototype of a class of heddle whose instances travel as another value. Returns that value, or the reason why an instance
 * stays. The argument is the reason why the receiver may be another program, if it may.
 */
export const sentAs: unique symbol = Symbol('sent as');

/** The value that is sent instead of an object. */
export interface Substitute {
  readonly data: unknown;
  /** The class of the objects that are sent so; it travels by name. */
  readonly Class: abstract new (
    ...args: never[]
  ) => object;
  /** Makes the object where its data arrives; travels by name. */
  readonly rebuild: (data: never) => object;
}

/**
 * Property of a class of shared lists: the method by which a loop goes over an instance. A loop that goes by this very method gives
 * `get(0)` … `get(length - 1)`, and so may a worker that has the list.
 */
export const indexed: unique symbol = Symbol('indexed');

/** The route of a message: after the death of its host, or the end of its link, no thread will open it. */
export interface Route {
  /** The slot id of the thread that started the worker; 0: not known, the parcel stays until it is opened or its link is dropped. */
  readonly host: number;
  /** The number of the link, unique among all hosts. */
  readonly link: number;
}

/** How this thread finds the heap of those that started it. */
export interface HeapPlace {
  /** A thread: what the thread that started it gave it, and the number that Node has given to that one. */
  readonly seed?: { readonly buffer: SharedArrayBuffer; readonly startedBy: number };
  /** A process: where it has inherited the heap's file. */
  readonly descriptor?: number;
}

/** The services of the memory layer. */
export interface HandleDoor {
  isShared(value: unknown): boolean;
  /** The number of a shared object's block; undefined if it only looks like one. */
  refOf(object: object): number | undefined;
  /** The shared object whose memory a buffer is. */
  ownerOf(buffer: object): object | undefined;
  /** The typed array over the memory of a shared object, if it has one: the same one each time. */
  arrayOf(object: object): ArrayBufferView | undefined;
  /** By which name a shared object has this method wherever it arrives; undefined: it is another function. */
  methodOf(object: object, method: unknown): string | undefined;
  /** Why other processes cannot see what is shared here, if they cannot. */
  whyApart(): string | undefined;
  makeParcel(objects: readonly object[], route: Route): number;
  openParcel(parcel: number): object[];
  /** Keeps the handles in a list until `unpin`, also if they are closed meanwhile: the parcel of their message is not made yet. */
  pin(handles: readonly object[]): void;
  unpin(handles: readonly object[]): void;
  dropParcels(link: number): void;
  /** This thread's slot in the heap; 0 as long as it has met none. */
  slot(): number;
  /** Returns the buffer by which a new thread finds the heap. */
  seed(): SharedArrayBuffer;
  /** A thread that this one has started has ended. */
  markEnded(thread: number): void;
  /** Returns the descriptor of the heap, for a child process. Without a heap, one is made, and this thread takes a slot. */
  heapForChild(): number | undefined;
  join(place: HeapPlace): void;
  /** This thread says that it ends, to those that join it. */
  ends(): void;
  rename(name: string): void;
}

const getter = (of: object): (() => unknown) => Object.getOwnPropertyDescriptor(of, 'buffer')!.get as () => unknown;
const bufferOfArray = getter(Object.getPrototypeOf(Uint8Array.prototype) as object);
const bufferOfDataView = getter(DataView.prototype);

/** By the language's own getters. */
function bufferOf(view: ArrayBufferView): object {
  return (types.isDataView(view) ? bufferOfDataView : bufferOfArray).call(view) as object;
}

let door: HandleDoor | undefined;
let place: HeapPlace | undefined;
let name: string | undefined;

/** Called when the memory layer is loaded. */
export function openHandleDoor(opened: HandleDoor): void {
  door = opened;
  if (place !== undefined) door.join(place);
  if (name !== undefined) door.rename(name);
}

/** Before this thread meets any shared object: where it will find the heap. */
export function tellHeapPlace(told: HeapPlace): void {
  place = told;
  door?.join(told);
}

/** Sets the name of this thread, for `lock.owner`. */
export function tellThreadName(told: string): void {
  name = told;
  door?.rename(told);
}

/** The same, of this thread; undefined if it was told none. */
export function threadName(): string | undefined {
  return name;
}

export function isShared(value: unknown): boolean {
  return door !== undefined && door.isShared(value);
}

/** The shared object whose memory a buffer is; undefined for all other buffers. */
export function ownerOfBuffer(buffer: object): object | undefined {
  return door?.ownerOf(buffer);
}

/** Returns the typed array over the memory of a shared object, if it has one. All views on its buffer travel as the object does. */
export function arrayOfObject(object: object): ArrayBufferView | undefined {
  return door?.arrayOf(object);
}

/** True if a value is a shared object, or a view on the memory of one: both sides see the same content. */
export function isSharedOrView(value: unknown): boolean {
  if (door === undefined) return false;
  return door.isShared(value) || (ArrayBuffer.isView(value) && door.ownerOf(bufferOf(value)) !== undefined);
}

/** True if a worker that has these items can read each by its index: they are in shared memory. */
export function isSharedList(items: object): items is SharedList {
  if (!isSharedOrView(items)) return false;
  if (ArrayBuffer.isView(items)) return types.isTypedArray(items);
  const { [indexed]: method, [Symbol.iterator]: iterator } = items as { [indexed]?: unknown; [Symbol.iterator]?: unknown };
  return method !== undefined && method === iterator;
}

/** A typed array over shared memory, or a list that has a property `indexed`. */
export interface SharedList {
  readonly length: number;
  get?(index: number): unknown;
  readonly [index: number]: unknown;
}

export function heapSlot(): number {
  return door === undefined ? 0 : door.slot();
}

/** Where a thread that this one starts finds the heap; undefined where this thread knows of none. */
export function heapSeed(startedBy: number): HeapPlace | undefined {
  const buffer = door === undefined ? place?.seed?.buffer : door.seed();
  return buffer === undefined ? place : { seed: { buffer, startedBy } };
}

/** A thread that this one has started has ended: what it held is let go. */
export function markThreadEnded(thread: number): void {
  door?.markEnded(thread);
}

/** The descriptor of the heap that a child process inherits; undefined where processes cannot share one. */
export function heapForChild(): number | undefined {
  return door === undefined ? place?.descriptor : door.heapForChild();
}

/** Undefined without shared objects in this thread. */
export function handleDoor(): HandleDoor | undefined {
  return door;
}
