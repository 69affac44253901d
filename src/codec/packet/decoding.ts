/**
 * One packet being read: the mirror of encoding.ts.
 *
 * User code runs while a message is read (a reducer's `rebuild`, a module's function being made). If it throws, the rest of the message is
 * read all the same and the error is thrown at its end. The next message can then be read.
 */

import { SerializationError } from '../../errors.ts';
import { handleDoor } from '../../handles.ts';
import { readArray, readRow } from '../kinds/arrays.ts';
import { readBigint, readBoxed, readDate, readRegExp } from '../kinds/small-kinds.ts';
import { readArrayBuffer, readAttached, readLent, readSharedMemory, readView, readWholeView } from '../kinds/buffers.ts';
import { readMap, readSet } from '../kinds/collections.ts';
import type { AnyFunction } from '../courier.ts';
import { readError } from '../kinds/errors-as-values.ts';
import { readClass, readFunction } from '../kinds/functions.ts';
import { readBuiltinInstance, readDerived, readInstance, readNullObject, readWithFields } from '../objects/instances.ts';
import { readHandle } from '../objects/handles.ts';
import { end, hole, rest } from './tags.ts';
import { readByName, readPlain } from '../objects/objects.ts';
import { readName } from '../objects/named.ts';
import type { Incoming } from './packet.ts';
import { damaged, Reader } from './reader.ts';
import { readReduced } from '../objects/reduced.ts';
import { ReadShapes } from '../objects/shapes.ts';
import { readSignal } from '../kinds/signals.ts';
import { readSymbol } from '../kinds/symbols.ts';
import * as tag from './tags.ts';
import { readThreadLocal } from '../kinds/thread-locals.ts';
import { readWebClass } from '../kinds/web.ts';

/** No encoder nests deeper; damaged bytes may. */
const DEPTH_LIMIT = 1500;

type ReadBody = (decoding: Decoding, object: never) => void;

interface Waiting {
  readonly read: ReadBody;
  readonly object: object;
}

/** The parts of an {@link Incoming} besides its bytes and modules. */
export type Beside = Pick<Incoming, 'attachments' | 'handles' | 'lost' | 'namedBy'>;

const nothingBeside: Beside = { attachments: [] };

/** Memory of the receiver's own that shows some of the bytes without a copy of them; `undefined` where there can be none. */
export type ViewOf = (start: number, length: number) => ArrayBuffer | undefined;

const missing = Symbol('not made yet');

export class Decoding {
  readonly reader: Reader = new Reader();
  readonly shapes: ReadShapes = new ReadShapes();
  readonly classes: AnyFunction[] = [];
  /** Signals that came with the present message. */
  signals: AbortSignal[] = [];
  /** The packet will be read again, so nothing of it may be given away. */
  again = false;
  /** Gives the memory of large buffers itself, where the bytes lie in memory that may be kept. */
  viewOf: ViewOf | undefined;
  /** The parts beside the bytes. */
  beside: Beside = nothingBeside;
  /** The handles of the packet, by their blocks. */
  #handles: Map<number, object> | undefined;
  readonly #objects: unknown[] = [];
  #waiting: Waiting[] = [];
  #depth = 0;
  #failure: { error: unknown } | undefined;

  /** Makes ready for another packet. */
  forget(): void {
    this.reader.forget();
    this.beside = nothingBeside;
    this.#handles = undefined;
    this.viewOf = undefined;
    this.shapes.clear();
    if (this.classes.length > 0) this.classes.length = 0;
    this.#forgetObjects();
  }

  #forgetObjects(): void {
    if (this.#objects.length > 0) this.#objects.length = 0;
    if (this.#waiting.length > 0) this.#waiting = [];
    if (this.signals.length > 0) this.signals = [];
    this.#failure = undefined;
  }

  /** Reads one message; `isLast` says that none follows. */
  message(isLast: boolean): unknown {
    this.#forgetObjects();
    this.#depth = 0;
    const value = this.#guarded(isLast);
    const failure = this.#failure;
    if (failure !== undefined) throw failure.error;
    return value;
  }

  #guarded(isLast: boolean): unknown {
    try {
      const value = this.value();
      this.#drain();
      const { position, end: last } = this.reader;
      if (position > last || (isLast && position < last)) throw damaged('it has another length than it says');
      return value;
    } catch (error) {
      // The position of later parts is lost.
      this.reader.position = this.reader.end;
      throw error instanceof SerializationError ? error : new SerializationError('the message is damaged', { cause: error });
    }
  }

  value(): unknown {
    return this.valueAfter(this.reader.byte());
  }

  valueOrHole(): unknown {
    const kind = this.reader.byte();
    if (kind === tag.HOLE) return hole;
    return kind === tag.REST ? rest : this.valueAfter(kind);
  }

  valueOrEnd(): unknown {
    const kind = this.reader.byte();
    return kind === tag.END ? end : this.valueAfter(kind);
  }

  atEnd(): boolean {
    if (this.reader.bytes[this.reader.position] !== tag.END) return false;
    this.reader.position += 1;
    return true;
  }

  /** The value whose first byte is read already. */
  valueAfter(kind: number): unknown {
    if (kind < tag.SHORT_TEXT) return kind;
    const { reader } = this;
    if (kind < tag.SHORT_TEXT + tag.SHORT_TEXT_LIMIT) return reader.latin1(kind - tag.SHORT_TEXT);
    switch (kind) {
      case tag.UNDEFINED:
        return undefined;
      case tag.NULL:
        return null;
      case tag.TRUE:
        return true;
      case tag.FALSE:
        return false;
      case tag.INT:
        return reader.int();
      case tag.DOUBLE:
        return reader.double();
      case tag.OBJECT:
        return readPlain(this, {}, false);
      case tag.REF:
        return this.#reference(reader.varint());
      case tag.ARRAY:
        return readArray(this, false);
      case tag.LATIN1:
      case tag.UTF16:
        return reader.textAfter(kind);
      case tag.LATER:
        return this.#rare(reader.byte(), true);
      default:
        return this.#rare(kind, false);
    }
  }

  #rare(kind: number, isLater: boolean): unknown {
    const { reader } = this;
    switch (kind) {
      case tag.OBJECT:
        return readPlain(this, {}, isLater);
      case tag.ARRAY:
        return readArray(this, isLater);
      case tag.INT8S:
      case tag.INT16S:
      case tag.INT32S:
      case tag.DOUBLES:
      case tag.TEXTS:
        return this.claim(readRow(reader, kind));
      case tag.INSTANCE:
        return readInstance(this, isLater);
      case tag.MAP:
        return readMap(this, isLater);
      case tag.SET:
        return readSet(this, isLater);
      case tag.DATE:
        return readDate(this);
      case tag.VIEW_WHOLE:
        return readWholeView(this);
      case tag.VIEW:
        return readView(this);
      case tag.BUFFER_BYTES:
      case tag.BUFFER_RESIZABLE:
      case tag.BUFFER_ALIGNED:
        return readArrayBuffer(this, kind);
      case tag.ATTACHED:
        return readAttached(this);
      case tag.LENT:
        return readLent(this);
      case tag.ERROR:
        return readError(this, isLater);
      case tag.BIGINT:
      case tag.BIGINT_NEGATIVE:
        return readBigint(reader, kind);
      case tag.SYMBOL_FOR:
      case tag.SYMBOL_KNOWN:
        return readSymbol(reader, kind);
      case tag.NULL_OBJECT:
        return readNullObject(this, isLater);
      case tag.DERIVED_OBJECT:
        return readDerived(this, isLater);
      case tag.BUILTIN_INSTANCE:
        return readBuiltinInstance(this, isLater);
      case tag.WITH_FIELDS:
        return readWithFields(this, isLater);
      case tag.REGEXP:
        return readRegExp(this);
      case tag.BOXED:
        return readBoxed(this);
      case tag.FUNCTION:
      case tag.FUNCTION_WITH_REDUCER:
        return readFunction(this, kind);
      case tag.CLASS_AGAIN:
        this.reader.position -= 1;
        return readClass(this);
      case tag.NAMED:
        return readByName(this);
      case tag.REDUCED:
        return readReduced(this);
      case tag.ABORT_SIGNAL:
        return readSignal(this);
      case tag.SHARED_OBJECT:
        return readHandle(this);
      case tag.NAMED_OBJECT:
        return readName(this);
      case tag.SHARED_ARRAY:
      case tag.SHARED_MEMORY:
        return readSharedMemory(this, kind);
      case tag.THREAD_LOCAL:
        return readThreadLocal(this);
      default:
        return readWebClass(this, kind);
    }
  }

  #reference(number: number): unknown {
    const object = this.#objects[number];
    if (object === undefined || object === missing) throw damaged('an object is missing');
    return object;
  }

  /** Numbers an object, in the order in which the encoder did. */
  claim<T>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  /** Takes a number for an object that is still to be made. */
  reserve(): number {
    return this.#objects.push(missing) - 1;
  }

  fill(place: number, object: unknown): void {
    this.#objects[place] = object;
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_LIMIT) throw damaged('it is nested too deeply');
  }

  leave(): void {
    this.#depth -= 1;
  }

  body<T extends object>(object: T, read: (decoding: Decoding, object: T) => void, isLater: boolean): void {
    if (isLater) this.later(object, read);
    else read(this, object);
  }

  later<T extends object>(object: T, read: (decoding: Decoding, object: T) => void): void {
    this.#waiting.push({ read, object });
  }

  section<T>(read: () => T): T {
    this.enter();
    const outer = this.#waiting;
    this.#waiting = [];
    const value = read();
    this.#drain();
    this.#waiting = outer;
    this.leave();
    return value;
  }

  #drain(): void {
    const waiting = this.#waiting;
    for (let i = 0; i < waiting.length; i += 1) {
      const { read, object } = waiting[i] as Waiting;
      read(this, object as never);
    }
    if (waiting.length > 0) waiting.length = 0;
  }

  /** The message can no longer be made; what is left of it is passed by. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Runs the courier's code. */
  make<T>(code: () => T): T | undefined {
    return this.run(() => {
      try {
        return code();
      } catch (error) {
        if (error instanceof SerializationError) throw error;
        throw new SerializationError(`a function cannot be put together here: ${String(error)}`, { cause: error });
      }
    });
  }

  /** Runs user code. */
  run<T>(code: () => T): T | undefined {
    // After a first failure the rest is only passed by.
    if (this.#failure !== undefined) return undefined;
    try {
      return code();
    } catch (error) {
      this.#failure = { error };
      return undefined;
    }
  }

  attachment(index: number): unknown {
    const { attachments } = this.beside;
    if (index >= attachments.length) throw damaged('an attachment is missing');
    return attachments[index];
  }

  /** A handle that came with the packet. */
  handle(ref: number): object {
    const { handles = [], lost } = this.beside;
    this.#handles ??= new Map(handles.map((handle) => [handleDoor()!.refOf(handle)! >>> 0, handle]));
    const found = this.#handles.get(ref);
    if (found !== undefined) return found;
    if (lost === undefined) throw damaged('a shared object is missing');
    this.run(() => {
      throw new SerializationError(`a shared object cannot be used here: ${lost.message}`, {
        cause: lost,
      });
    });
    return {};
  }
}
