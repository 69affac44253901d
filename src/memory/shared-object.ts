/**
 * A handle on an object of the heap: the base of Lock, Value, Queue and all the others.
 *
 *    word 0   TAG     what kind of object it is
 *    word 1   CHAIN   a further block that belongs to it, 0 none; that one begins with the same two words
 */

import { load } from '#atomics';
import { HeddleError } from '../errors.ts';
import { theAgent } from './agent.ts';
import { type Block, blockAt } from './block.ts';
import { allocate } from './heap.ts';

/** A kind of object, known by the same number in every thread and process. */
export interface ObjectKind {
  /** From 1 to 239. */
  readonly number: number;
  readonly name: string;
  /** The size of its record in words, the first two with it. */
  readonly words: number;
  /** Makes a handle; `SharedObject` sees to it that it is one on the object that has just come. */
  readonly create: () => SharedObject;
}

const magic = 0x4d << 24;
const kinds = new Map<number, ObjectKind>();

export function defineKind(kind: ObjectKind): ObjectKind {
  kinds.set(kind.number, kind);
  return kind;
}

/** The block that the next handle is to join; undefined: it makes a new object. */
let joining: Block | undefined;

export abstract class SharedObject {
  /** The words of its segment, and where in them its record begins. */
  protected readonly words: Int32Array;
  protected readonly at: number;
  protected readonly ref: number;
  protected readonly block: Block;
  /** Whether the constructor has to fill in the record; otherwise it is somebody else's object that came here. */
  protected readonly isNew: boolean;

  protected constructor(kind: ObjectKind) {
    const block = joining ?? allocate(magic | kind.number, kind.words);
    this.isNew = joining === undefined;
    joining = undefined;
    this.words = block.words;
    this.at = block.at;
    this.ref = block.ref;
    this.block = block;
  }

  /** The name of an object's block. */
  static refOf(object: SharedObject): number {
    return object.ref;
  }
}

export function isShared(value: unknown): value is SharedObject {
  return value instanceof SharedObject;
}

export function refOf(object: SharedObject): number {
  return SharedObject.refOf(object);
}

/** A handle on an object that this thread holds. */
export function joinObject(ref: number): SharedObject {
  const block = blockAt(theAgent().memory, ref);
  const kind = kinds.get(load(block.words, block.at) & 0xff);
  if (kind === undefined) throw new HeddleError(`block ${ref} of the shared heap holds no object that is known here`);
  joining = block;
  try {
    return kind.create();
  } finally {
    joining = undefined;
  }
}
