/**
 * The common part of one message's functions while it is made: the variables that they share and change, and whether a call could change
 * any capture.
 */

import { types } from 'node:util';
import type { AnyFunction, Dismantled } from '../../courier.ts';
import { isSameVariable } from '../inspect/frame-probe.ts';
import type { Inspection } from '../inspect/inspector.ts';
import type { Origin } from '../inspect/origin-place.ts';

/**
 * Stands for a variable that several functions share. The key travels as an empty object, whose identity the codec keeps. The value goes
 * with the first function that sees the variable.
 */
export type CellKey = object;

interface Shared {
  readonly scriptId: string;
  readonly name: string;
  readonly fn: AnyFunction;
  readonly value: unknown;
  readonly key: CellKey;
}

/** A class of the message, and where its text stands: a method that a decorator replaced is found in there. */
interface Placed {
  readonly fn: AnyFunction;
  readonly scriptId: string;
  readonly start: number;
  readonly end: number;
}

export class Capture {
  readonly #shared: Shared[] = [];
  readonly #classes: Placed[] = [];
  readonly #weak = new Map<object, object>();
  readonly #isCapsule: boolean;
  #root: Dismantled | undefined;
  #depth = 0;
  #isMutable = false;
  #hasIdentity = false;
  #varies = false;
  /** Nothing captured can have changed by the next call, so the same bytes serve again. */
  isStable = true;
  /** Functions whose code the message holds. */
  readonly functions: AnyFunction[] = [];
  /** Function to look up when the place of the root is wanted, if the root's code does not say it. */
  origin: Origin | undefined;

  constructor(isCapsule: boolean, root?: Dismantled) {
    this.#isCapsule = isCapsule;
    this.#root = root;
  }

  /** Returns, once, the first function if it was taken apart before. */
  takeRoot(): Dismantled | undefined {
    const root = this.#root;
    this.#root = undefined;
    return root;
  }

  /** A capture could be changed by a call, so each call gets fresh copies. */
  get isMutable(): boolean {
    // A class is one object for all messages: what it sees has to be set again for each call, unless it never changes.
    return this.#isMutable || (this.#hasIdentity && this.#varies);
  }

  mutable(): void {
    this.#isMutable = true;
    this.unstable();
  }

  /** Records a class in the message: it is made once on the other side, and keeps its identity. Its members may be patched. */
  identity(): void {
    this.#hasIdentity = true;
    this.isStable = false;
  }

  unstable(): void {
    this.#varies = true;
    this.isStable = false;
  }

  /** True before the root of a capsule is read. */
  get isAtRoot(): boolean {
    return this.#isCapsule && this.#depth === 0;
  }

  /** Counts functions. Only the root of a capsule, if nothing in it is a function too, surely shares its variables with none. */
  enter(): { readonly isRoot: boolean } {
    this.#depth += 1;
    return { isRoot: this.#isCapsule && this.#depth === 1 };
  }

  addClass(placed: Placed): void {
    this.#classes.push(placed);
  }

  /** The class of this message in whose text a function stands. */
  classAround(scriptId: string, start: number, end: number): AnyFunction | undefined {
    return this.#classes.findLast((one) => one.scriptId === scriptId && one.start < start && end < one.end)?.fn;
  }

  /** Stands for a WeakMap that compilers keep private fields in, if a class of this message does (`isOwner`). */
  weak(holder: object, isOwner: boolean): object | undefined {
    let token = this.#weak.get(holder);
    if (token === undefined && isOwner) {
      token = { weak: types.isWeakMap(holder) ? 'WeakMap' : 'WeakSet' };
      this.#weak.set(holder, token);
    }
    return token;
  }

  /** The cell of `name` as `fn` sees it: one cell for one variable. */
  cell(
    inspection: Inspection,
    { scriptId, name, fn, value }: Omit<Shared, 'key'>,
    read: () => unknown,
    isModuleWide: boolean,
  ): { readonly key: CellKey; readonly isNew: boolean } {
    const found = this.#shared.find(
      (one) =>
        one.scriptId === scriptId &&
        one.name === name &&
        Object.is(one.value, value) &&
        (isModuleWide || one.fn === fn || isSameVariable(inspection, name, one.fn, read)),
    );
    if (found !== undefined) return { key: found.key, isNew: false };
    const key = {};
    this.#shared.push({ scriptId, name, fn, value, key });
    return { key, isNew: true };
  }
}

const captures = new WeakMap<object, Capture>();
let collecting: Capture | undefined;

/**
 * Collects what the functions dismantled while `use` runs have in common.
 * @param root the first of them, if it is taken apart already
 */
export function captureDuring(use: () => void, root?: Dismantled): Capture {
  const before = collecting;
  const capture = new Capture(true, root);
  collecting = capture;
  try {
    use();
  } finally {
    collecting = before;
  }
  return capture;
}

/** The capture that belongs to a message. */
export function captureOf(message: object): Capture {
  if (collecting !== undefined) return collecting;
  let capture = captures.get(message);
  if (capture === undefined) {
    capture = new Capture(false);
    captures.set(message, capture);
  }
  return capture;
}
