/**
 * A handle on an object of the heap: the base of Lock, Value, Queue and all the others. The object lives as long as a handle on it is anywhere, in a
 * thread or in a message on its way.
 *
 *    new X() ──▶ a block, listed in this thread's ledger        garbage collection takes the handle ──▶ the entry is dropped
 *       │ travels (parcel.ts)                                                                          ▲
 *       ▼                                                                                              │
 *    another thread: listed there, X's `create` makes a handle on the same block; one per thread ───────┘
 */

import { load } from '#atomics';
import { inspect } from 'node:util';
import workerThreads from 'node:worker_threads';
import { checkInteger } from '../../check.ts';
import { markClass } from '../../copies.ts';
import { HeddleError } from '../../errors.ts';
import { theAgent } from '../threads/agent.ts';
import { type Block, blockAt } from '../heap/block.ts';
import { type Heap, theHeap } from '../heap/heap.ts';
import { keepRegistry } from '../collect/garbage.ts';
import { checkRefs, firstRefOf, kindOfTag, lastRefOf, mostKinds, type RefRange, tagOf } from '../heap/tag.ts';
import { nameKind } from '../heap/statistics.ts';

/** A kind of object, known by the same number in every thread and process. */
export interface ObjectKind {
  /** From 1 to 239. */
  readonly number: number;
  readonly name: string;
  /** The size of its record in words, the first two with it; the smallest, where records differ. */
  readonly words: number;
  /**
   * Words of the record that each hold the ref of a further block, which lives as long as this object; 0: none. Another object (a Condition's lock),
   * written by the constructor with `refOf`; or a block that the object owns (`owned.ts`).
   */
  readonly refs?: RefRange;
  /** Makes a handle; `SharedObject` sees to it that it is one on the object that has just come. */
  readonly create: () => SharedObject;
  /** Handles of this kind are let go by `letGo`, before they are garbage. Default false. */
  readonly isClosable?: boolean;
  /** Describes an object of this kind and its state, in a line for people: `Lock unlocked`. Default: the name of its class. */
  describe?(object: SharedObject): string;
}

const kinds = new Map<number, ObjectKind>();

export function defineKind(kind: ObjectKind): ObjectKind {
  checkInteger(kind.number, 'number', 1, mostKinds - 1);
  if (kind.refs !== undefined) checkRefs(kind.refs, kind.words);
  const other = kinds.get(kind.number);
  if (other !== undefined) throw new HeddleError(`${kind.name} and ${other.name} are both kind ${kind.number}`);
  kinds.set(kind.number, kind);
  nameKind(kind.number, kind.name);
  return kind;
}

/** The block of the next handle; undefined: a new object is made. */
interface Joining {
  readonly block: Block;
  /** Of its entry in the ledger. */
  readonly position: number;
}

let joining: Joining | undefined;

/** Listed nowhere: the model's. */
const nowhere = -1;

/** Since Node 22.10. */
const { markAsUncloneable } = workerThreads as { readonly markAsUncloneable?: (object: object) => void };

/** Where the record of an object is; undefined for what only has the prototype of one, as `Object.create` makes it. */
let findBlock: (object: SharedObject) => Block | undefined;

/**
 * The base of `Lock`, `Event`, `Word` and all other shared objects: a handle on an object in the heap that threads and processes share. It
 * can be an argument, a captured variable or a field of any sent value. The object lives as long as any handle on it.
 */
export abstract class SharedObject {
  readonly #block: Block;

  /**
   * @param fillIn writes the record of a new object. It is not called where an existing object arrives.
   * @param words the size of the new record, where records of this kind differ
   */
  protected constructor(kind: ObjectKind, fillIn?: (block: Block) => void, words: number = kind.words) {
    const come = joining;
    joining = undefined;
    this.#block = come === undefined ? born(this, kind, words) : come.block;
    if (come === undefined) {
      fillIn?.(this.#block);
      if (kind.refs !== undefined && theAgent().blocks === undefined) theHeap().keepRefs(this.#block, kind.refs);
    } else if (come.position !== nowhere) registerHandle(theHeap(), this, kind, come.position);
    // A clone would be an empty object: `structuredClone` and `postMessage` must refuse the handle.
    markAsUncloneable?.(this);
  }

  static {
    markClass(this, 'shared');
    findBlock = (object) => (#block in object ? object.#block : undefined);
    // A handle has no fields that could be shown.
    for (const how of [inspect.custom, 'toJSON'])
      Object.defineProperty(SharedObject.prototype, how, { value: SharedObject.prototype.toString });
  }

  /** The kind and state: `<Lock unlocked>`. Also used by `console.log` and JSON. */
  toString(): string {
    return `<${describe(this)}>`;
  }
}

/** Makes its record, still of zeros. */
function born(object: SharedObject, kind: ObjectKind, words: number): Block {
  const { number, refs } = kind;
  const { blocks } = theAgent();
  if (blocks !== undefined) return blocks.allocate(tagOf(number, refs), words);
  const heap = theHeap();
  const block = heap.allocate(tagOf(number, refs), words);
  registerHandle(heap, object, kind, heap.listedAt);
  return block;
}

function registerHandle(heap: Heap, object: SharedObject, { isClosable }: ObjectKind, position: number): void {
  if (isClosable !== true) return registryOf(heap).register(object, position);
  registryOf(heap).register(object, position, object);
  open.set(object, { position, pins: 0, whenLetGo: undefined });
}

/** A handle that can be closed. */
interface Open {
  /** Of its entry in the ledger. */
  readonly position: number;
  /** Messages of this thread that will take it along, and have not left. */
  pins: number;
  /** Defined: the handle is closed, and this is called when its object is let go. */
  whenLetGo: (() => void) | undefined;
}

const open = new WeakMap<object, Open>();

/**
 * Closes a handle: it becomes invalid here. This thread releases the object when all messages have left that carry it.
 *
 * @param whenLetGo called then; what the object names in its `refs` is held until it returns
 */
export function letGo(object: SharedObject, whenLetGo: () => void): void {
  const entry = open.get(object);
  // Of the model.
  if (entry === undefined) return whenLetGo();
  if (entry.whenLetGo !== undefined) return;
  entry.whenLetGo = whenLetGo;
  const { travelled } = handles(theHeap());
  const ref = refOf(object);
  if (travelled.get(ref)?.deref() === object) travelled.delete(ref);
  dropClosed(object, entry);
}

function dropClosed(object: object, { pins, position, whenLetGo }: Open): void {
  if (whenLetGo === undefined || pins > 0) return;
  open.delete(object);
  const heap = theHeap();
  registryOf(heap).unregister(object);
  const { words, at } = blockOf(object as SharedObject);
  const tag = load(words, at);
  const kept = heap.guarded(() => {
    const refs: number[] = [];
    if (firstRefOf(tag) !== 0)
      for (let i = firstRefOf(tag); i < lastRefOf(tag); i += 1) if (load(words, at + i) !== 0) refs.push(load(words, at + i));
    heap.makeRoom(refs.length);
    return refs.map((ref) => heap.list(ref));
  });
  heap.drop(position);
  try {
    whenLetGo();
  } finally {
    for (const one of kept) heap.drop(one);
  }
}

/** True if this thread still holds the object of a handle; true for handles that cannot be closed. */
export function isHeldHere(object: SharedObject): boolean {
  return open.has(object) || kindOf(object)?.isClosable !== true;
}

/**
 * The handles of a message whose parcel is not made yet. They stay until `unpin`, or until the list is garbage, also if they are closed
 * meanwhile.
 */
const pinned = new WeakMap<object, readonly object[]>();
let lists: FinalizationRegistry<readonly object[]> | undefined;

export function pin(list: readonly object[]): void {
  let closable: object[] | undefined;
  for (const object of list) {
    const entry = open.get(object);
    if (entry === undefined) continue;
    entry.pins += 1;
    (closable ??= []).push(object);
  }
  if (closable === undefined) return;
  pinned.set(list, closable);
  if (lists === undefined) keepRegistry((lists = new FinalizationRegistry(unpinAll)));
  lists.register(list, closable, list);
}

/** Once for each list. */
export function unpin(list: readonly object[]): void {
  const objects = pinned.get(list);
  if (objects === undefined) return;
  pinned.delete(list);
  lists!.unregister(list);
  unpinAll(objects);
}

function unpinAll(objects: readonly object[]): void {
  for (const object of objects) {
    const entry = open.get(object);
    if (entry === undefined) continue;
    entry.pins -= 1;
    dropClosed(object, entry);
  }
}

export function isShared(value: unknown): value is SharedObject {
  return value instanceof SharedObject;
}

/** Returns the record of an object, for its class and for internal tools. A reference to the record keeps the object alive. */
export function blockOf(object: SharedObject): Block {
  return findBlock(object)!;
}

/** The name of an object's block. */
export function refOf(object: SharedObject): number {
  return blockOf(object).ref;
}

/** True while an object comes here that another thread has made: the constructor that is called has no arguments to look at. */
export function isArriving(): boolean {
  return joining !== undefined;
}

/** As `refOf`; undefined if it only looks like an object. */
export function refIfAny(object: SharedObject): number | undefined {
  return findBlock(object)?.ref;
}

function kindOf(object: SharedObject): ObjectKind | undefined {
  const block = findBlock(object);
  return block === undefined ? undefined : kinds.get(kindOfTag(load(block.words, block.at)));
}

/** For people: what an object is and how it is. */
export function describe(object: SharedObject): string {
  return kindOf(object)?.describe?.(object) ?? object.constructor.name;
}

/** Returns the name by which each handle on an object has a method, in any thread. Methods of a user's subclass stay at home. */
export function methodOf(object: SharedObject, method: unknown): string | undefined {
  const name = kindOf(object)?.name;
  const above = prototypesOf(object);
  const own = above.findLastIndex((prototype) => prototype.constructor.name === name);
  const seen = new Set<string>();
  for (const prototype of own === -1 ? [] : above.slice(own)) {
    for (const key of Object.getOwnPropertyNames(prototype)) {
      if (!seen.has(key) && Object.getOwnPropertyDescriptor(prototype, key)!.value === method) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** Up to the one that all shared objects have. */
function prototypesOf(object: object): object[] {
  const found: object[] = [];
  for (let one = object; one !== SharedObject.prototype; found.push(one)) one = Object.getPrototypeOf(one) as object;
  return found;
}

/** The state of a thread's handles. */
interface Handles {
  /** Told that a handle is garbage, by the position of its entry. */
  readonly registry: FinalizationRegistry<number>;
  /**
   * The handle on an object, if that has ever travelled. Only then: a WeakRef keeps its handle alive until the job ends, and a loop
   * that makes a million objects would keep them all.
   */
  readonly travelled: Map<number, WeakRef<SharedObject>>;
}

const handlesOf = new WeakMap<Heap, Handles>();
let lastHeap: Heap | undefined;
let lastHandles: Handles | undefined;

function handles(heap: Heap): Handles {
  if (heap !== lastHeap) {
    lastHandles = handlesOf.get(heap);
    if (lastHandles === undefined) handlesOf.set(heap, (lastHandles = newHandles(heap)));
    lastHeap = heap;
  }
  return lastHandles!;
}

function newHandles(heap: Heap): Handles {
  const travelled = new Map<number, WeakRef<SharedObject>>();
  const weak = new WeakRef(heap);
  const registry = new FinalizationRegistry((position: number) => {
    const its = weak.deref();
    if (its === undefined) return;
    const ref = its.at(position);
    if (travelled.get(ref)?.deref() === undefined) travelled.delete(ref);
    its.drop(position);
  });
  keepRegistry(registry);
  return { registry, travelled };
}

function registryOf(heap: Heap): FinalizationRegistry<number> {
  return handles(heap).registry;
}

/** From now on others may have it, and send it here: then it is to be this handle again. */
export function hasTravelled(heap: Heap, object: SharedObject): void {
  const { travelled } = handles(heap);
  const ref = refOf(object);
  if (travelled.get(ref)?.deref() !== object) travelled.set(ref, new WeakRef(object));
}

/** As `hasTravelled`, of what another object has among its `refs`: it travels with that. */
export function travelsToo(object: SharedObject): void {
  if (theAgent().blocks === undefined) hasTravelled(theHeap(), object);
}

/** This thread's handle on an object, if that has travelled and the handle is not garbage. */
export function knownHandle(heap: Heap, ref: number): SharedObject | undefined {
  return handles(heap)
    .travelled.get(ref >>> 0)
    ?.deref();
}

/** Makes the handle on an object that has just been listed. */
export function makeHandle(heap: Heap, ref: number, position: number): SharedObject {
  try {
    const object = create(blockAt(heap.memory, ref >>> 0), position);
    hasTravelled(heap, object);
    return object;
  } catch (error) {
    heap.drop(position);
    throw error;
  }
}

function create(block: Block, position: number): SharedObject {
  const number = kindOfTag(load(block.words, block.at));
  const kind = kinds.get(number);
  if (kind === undefined)
    throw new HeddleError(`block ${block.ref} of the shared heap is an object of kind ${number}, which is not known here`);
  joining = { block, position };
  try {
    return kind.create();
  } finally {
    joining = undefined;
  }
}

/** This thread's handle on an object that cannot go away meanwhile: another one names it in its `refs`, say. */
export function joinObject(ref: number): SharedObject {
  const { blocks, memory } = theAgent();
  if (blocks !== undefined) return create(blockAt(memory, ref >>> 0), nowhere);
  const heap = theHeap();
  const known = knownHandle(heap, ref);
  if (known !== undefined) return known;
  const position = heap.guarded(() => {
    heap.makeRoom(1);
    return heap.list(ref);
  });
  return makeHandle(heap, ref, position);
}

/** Which of some records are still there and are what they were: `isIt` tells them from others that have come to their place. */
export function stillThere(refs: readonly number[], isIt: (record: Block, i: number) => boolean): boolean[] {
  const heap = theHeap();
  return heap.guarded(() => refs.map((ref, i) => heap.isTaken(ref) && !heap.isDoomed(ref) && isIt(blockAt(heap.memory, ref), i)));
}
