/**
 * One packet being written: what every kind of value needs while it writes itself.
 *
 *   value(v) ── scalars are written here
 *            └─ object(v) ── met before: REF
 *                         ├─ array, plain object
 *                         └─ any other kind: other-kinds.ts
 *
 * A container writes its head (enough for the reader to make the object) and then its body. Where values nest too deeply for the machine's
 * stack, the body waits in a queue and is written after the message's top value. Functions' captured variables wait there too, because they
 * may lead back to any object.
 */

import { types } from 'node:util';
import { SerializationError } from '../../errors.ts';
import { writeArray } from '../kinds/arrays.ts';
import { writeBigint } from '../kinds/small-kinds.ts';
import type { AnyFunction } from '../courier.ts';
import { writeFunction } from '../kinds/functions.ts';
import { HandleList } from '../objects/handles.ts';
import { writePlain } from '../objects/objects.ts';
import { writeOtherKind } from '../objects/other-kinds.ts';
import { Omitted } from '../objects/omitted.ts';
import type { Destination, ExportedSignal } from './packet.ts';
import { type Cause, remedyFor } from './remedies.ts';
import { WrittenShapes } from '../objects/shapes.ts';
import { isPortable, writeSymbol } from '../kinds/symbols.ts';
import * as tag from './tags.ts';
import { wroteThreadLocal } from '../kinds/thread-locals.ts';
import { DEPTH_LIMIT, type Place, Trail } from './trail.ts';
import type { Writer } from './writer.ts';

/** Sections cannot wait, so their nesting is bounded. */
const SECTION_LIMIT = 100;
/** The number of objects of one family in a packet that are asked for a name. */
const ASK_LIMIT = 8;

export type WriteBody = (encoding: Encoding, object: never) => void;

interface Waiting {
  readonly write: WriteBody;
  readonly object: object;
  readonly place: Place;
}

/**
 * Something beside the bytes. `own`: a buffer made for this packet. `move`: a buffer that the sender loses.
 * `port`: a port, which always changes owner. `share`: both sides have it.
 */
export interface Attachment {
  readonly value: unknown;
  readonly how: 'own' | 'move' | 'port' | 'share';
}

/** How far the writing of values is: enough to take back a plain object. */
export interface Start {
  position: number;
  objects: number;
  waiting: number;
  shapes: number;
  depth: number;
}

/** How far everything is. */
export interface Mark extends Start {
  readonly attachments: number;
  readonly beside: number;
  readonly detached: number;
  readonly modules: number;
  readonly signals: number;
  readonly handles: number;
  readonly classes: number;
}

/** How far everything is at the beginning of a message. */
export const nothing: Mark = {
  position: 0,
  objects: 0,
  waiting: 0,
  shapes: 0,
  depth: 0,
  attachments: 0,
  beside: 0,
  detached: 0,
  modules: 0,
  signals: 0,
  handles: 0,
  classes: 0,
};

const noBuffers: ReadonlySet<unknown> = new Set();

export class Encoding {
  readonly writer: Writer;
  border: Destination = { kind: 'thread' };
  /** Large buffers go into the bytes, too, so that the bytes alone are the message. */
  inline = false;
  /** Copies of large buffers for a thread are lent (`lent.ts`), and so may be sent more than once. */
  lends = false;
  /** Where the message begins that stands alone. */
  origin = 0;
  /** Buffers of the `transfer` option. */
  transfer: ReadonlySet<unknown> = noBuffers;
  readonly trail: Trail = new Trail();
  readonly shapes: WrittenShapes = new WrittenShapes();
  readonly attachments: Attachment[] = [];
  /** Bytes of memory among the attachments. */
  beside = 0;
  /** Buffers whose bytes are written, to be taken from the sender in the end. */
  readonly detached: ArrayBuffer[] = [];
  readonly modules: string[] = [];
  readonly signals: ExportedSignal[] = [];
  readonly handles: HandleList = new HandleList();
  /** Classes of instances, known to all messages of the packet. */
  readonly classes: AnyFunction[] = [];
  /** The present message is an error report. */
  isThrown = false;
  /** The parts that errors in it lack. */
  readonly omitted: Omitted = new Omitted();
  /** Stands for the present message towards the courier. */
  scope: object = {};
  /** Objects that cannot be referred to yet: the reader will make them only when what they are made of is there. */
  readonly open: Set<object> = new Set();
  #numbers = new Map<object, number>();
  readonly #objects: (object | undefined)[] = [];
  #waiting: Waiting[] = [];
  #sections = 0;
  readonly #starts: Start[] = [];
  readonly #asked = new Map<object, number>();

  constructor(writer: Writer) {
    this.writer = writer;
  }

  /** Makes ready for another packet. */
  reset(): void {
    this.writer.position = 0;
    this.forget();
  }

  /** Forgets all but the bytes. */
  forget(): void {
    this.beside = 0;
    this.scope = {};
    this.transfer = noBuffers;
    this.trail.forget();
    this.shapes.clear();
    if (this.#asked.size > 0) this.#asked.clear();
    const { attachments, detached, modules, signals, handles, classes } = this;
    for (const list of [attachments, detached, modules, signals, handles, classes]) if (list.length > 0) list.length = 0;
  }

  /** Writes one message. */
  message(value: unknown, root: Place): void {
    this.trail.start(root);
    this.scope = {};
    this.value(value);
    this.finish();
  }

  /** Ends a message: writes what waits. */
  finish(): void {
    this.#drain();
    this.#forgetObjects();
  }

  #forgetObjects(): void {
    if (this.#objects.length === 0) return;
    // A map that was large once stays slow to clear.
    if (this.#objects.length > 1000) this.#numbers = new Map();
    else this.#numbers.clear();
    this.#objects.length = 0;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.writer.text(value);
        break;
      case 'number':
        this.writer.number(value);
        break;
      case 'boolean':
        this.writer.byte(value ? tag.TRUE : tag.FALSE);
        break;
      case 'undefined':
        this.writer.byte(tag.UNDEFINED);
        break;
      case 'object':
        if (value === null) this.writer.byte(tag.NULL);
        else this.#object(value);
        break;
      case 'function':
        if (!this.wroteReference(value)) writeFunction(this, value as AnyFunction);
        break;
      case 'bigint':
        writeBigint(this.writer, value);
        break;
      case 'symbol':
        if (!isPortable(value)) throw this.refusal(`${String(value)} cannot cross: only registered symbols can, Symbol.for(…)`);
        writeSymbol(this.writer, value);
        break;
    }
  }

  #object(object: object): void {
    if (this.wroteReference(object)) return;
    if (types.isProxy(object)) {
      if (wroteThreadLocal(this, object)) return;
      throw this.refusalWith('proxy', 'a Proxy cannot cross');
    }
    const prototype = Object.getPrototypeOf(object) as object | null;
    if (prototype === Object.prototype) writePlain(this, object as Record<PropertyKey, unknown>);
    else if (prototype === Array.prototype && Array.isArray(object)) writeArray(this, object as unknown[]);
    else writeOtherKind(this, object, prototype);
  }

  wroteReference(object: object): boolean {
    const number = this.#numbers.get(object);
    if (number === undefined) return false;
    if (this.open.has(object)) throw this.refusal('it is part of what it is made of, so it cannot be made anew');
    this.writer.byte(tag.REF);
    this.writer.varint(number);
    return true;
  }

  /** Numbers an object, so that it can be referred to. `undefined` stands for an object of which only the reader knows. */
  claim(object: object | undefined): void {
    if (object !== undefined) this.#numbers.set(object, this.#objects.length);
    this.#objects.push(object);
  }

  knows(object: object): boolean {
    return this.#numbers.has(object);
  }

  /** The tag of a container whose body is written by {@link body}. */
  head(kind: number): void {
    if (this.trail.depth >= DEPTH_LIMIT) this.writer.byte(tag.LATER);
    this.writer.byte(kind);
  }

  /** Writes the content of a container, now or, if this is too deep already, later. */
  body<T extends object>(object: T, write: (encoding: Encoding, object: T) => void): void {
    if (this.trail.depth < DEPTH_LIMIT) write(this, object);
    else this.later(object, write, this.trail.place());
  }

  later<T extends object>(object: T, write: (encoding: Encoding, object: T) => void, place: Place): void {
    this.#waiting.push({ write, object, place });
  }

  /** Writes something that the reader must have as a whole before it can go on: nothing of it waits until later. */
  section(write: () => void): void {
    if (this.#sections === SECTION_LIMIT) throw this.refusal('it is nested too deeply');
    this.#sections += 1;
    const outer = this.#waiting;
    this.#waiting = [];
    write();
    this.#drain();
    this.#waiting = outer;
    this.#sections -= 1;
  }

  #drain(): void {
    const waiting = this.#waiting;
    // The queue grows while it is worked off.
    for (let i = 0; i < waiting.length; i += 1) {
      const { write, object, place } = waiting[i] as Waiting;
      this.trail.elsewhere(place, () => {
        write(this, object as never);
      });
    }
    if (waiting.length > 0) waiting.length = 0;
  }

  /** The present state, valid until another object begins at the same depth. */
  start(): Start {
    const { depth } = this.trail;
    this.#starts[depth] ??= { position: 0, objects: 0, waiting: 0, shapes: 0, depth };
    const start = this.#starts[depth];
    start.position = this.writer.position;
    start.objects = this.#objects.length;
    start.waiting = this.#waiting.length;
    start.shapes = this.shapes.count;
    return start;
  }

  mark(): Mark {
    return {
      position: this.writer.position,
      objects: this.#objects.length,
      waiting: this.#waiting.length,
      shapes: this.shapes.count,
      depth: this.trail.depth,
      attachments: this.attachments.length,
      beside: this.beside,
      detached: this.detached.length,
      modules: this.modules.length,
      signals: this.signals.length,
      handles: this.handles.length,
      classes: this.classes.length,
    };
  }

  rewind(to: Start): void {
    this.writer.position = to.position;
    for (const object of this.#objects.splice(to.objects)) {
      if (object === undefined) continue;
      this.#numbers.delete(object);
      this.open.delete(object);
    }
    this.#waiting.length = to.waiting;
    this.shapes.truncate(to.shapes);
    this.trail.depth = to.depth;
  }

  rollBack(to: Mark): void {
    this.rewind(to);
    this.attachments.length = to.attachments;
    this.beside = to.beside;
    this.detached.length = to.detached;
    this.modules.length = to.modules;
    this.signals.length = to.signals;
    this.handles.length = to.handles;
    this.classes.length = to.classes;
  }

  /** Forgets a message that failed on its way. */
  abandon(mark: Mark): void {
    this.#waiting = [];
    this.#sections = 0;
    this.rollBack({ ...mark, objects: 0, waiting: 0 });
    this.open.clear();
  }

  /** True if an object of this family may go by a name. Finding out takes time, and there are few such objects. */
  asksForName(prototype: object): boolean {
    const asked = this.#asked.get(prototype) ?? 0;
    if (asked === ASK_LIMIT) return false;
    this.#asked.set(prototype, asked + 1);
    return true;
  }

  /** A buffer or port is on its way out already, in this packet. */
  isTaken(object: object): boolean {
    return this.detached.includes(object as ArrayBuffer) || this.attachments.some(({ value }) => value === object);
  }

  needModules(keys: readonly string[]): void {
    for (const key of keys) if (!this.modules.includes(key)) this.modules.push(key);
  }

  refusal(why: string, cause?: unknown): SerializationError {
    return new SerializationError(`${String(this.trail)}: ${why}`, cause === undefined ? undefined : { cause });
  }

  /** A refusal that ends with the remedy for its cause. A thrown error tells what it lacks, where nothing can be done about it. */
  refusalWith(cause: Cause, why: string, className?: string): SerializationError {
    return this.refusal(this.isThrown ? why : `${why}: ${remedyFor(cause, this.trail.where(), className)}`);
  }
}

/** Describes an error of user code in short. */
export function inShort(error: unknown): string {
  try {
    return String(error).split('\n', 1)[0] as string;
  } catch {
    return 'something that cannot be named';
  }
}
