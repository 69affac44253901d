/**
 * Memory: ArrayBuffer, the views on it, and what threads can share or hand over.
 *
 *   small, or for a process      its bytes stand in the message
 *   large, to a thread           a copy goes beside the message and is not copied again; or it is lent (`lent.ts`)
 *   moved, to a thread           the memory itself goes; the sender's buffer is detached
 *   moved, to a process          its bytes stand in the message; the sender's buffer is detached all the same
 *   memory of a shared object    the object itself, as a handle; nothing is copied
 *
 *   large, to any receiver       its bytes stand in the message where a receiver that can may show them without a copy
 *
 * Views on one buffer share it on the other side, as with `structuredClone`. A Buffer that is a part of a larger
 * buffer (Node's pool, as a rule) is taken for the bytes it shows.
 */

import { types } from 'node:util';
import { arrayOfObject, ownerOfBuffer } from '../../handles.ts';
import { isUntransferable, keysOfBuffer, transferRefusal } from '../../untransferable.ts';
import { v8 } from '../../builtins.ts';
import type { MessagePort } from 'node:worker_threads';
import { refuseApart } from '../objects/apart.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Attachment, Encoding } from '../packet/encoding.ts';
import { isMoved, unmark } from '../objects/move.ts';
import { lend, take } from '../packet/lent.ts';
import { damaged } from '../packet/reader.ts';
import * as tag from '../packet/tags.ts';
import { memory as newMemory } from '../packet/writer.ts';

/** Copies from this size on go beside the message. */
const ATTACH_FROM = 64 * 1024;

/** The widest element that any view has, and the heap's unit. */
const ALIGNMENT = 16;

type View = new (buffer: ArrayBufferLike, offset: number, length: number | undefined) => ArrayBufferView;

/** Every kind of view by its number in a message. Only add at the end. */
const kinds = [
  'Buffer',
  'DataView',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];
const DATA_VIEW = 1;
const constructors = kinds.map((name) => (globalThis as unknown as Record<string, View | undefined>)[name]);

interface MaybeResizable extends ArrayBuffer {
  readonly resizable?: boolean;
  readonly maxByteLength: number;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = (of: object, key: PropertyKey): (() => unknown) => Object.getOwnPropertyDescriptor(of, key)?.get as () => unknown;
const kindName = getter(typedArray, Symbol.toStringTag);
const slice = ArrayBuffer.prototype.slice;

/** The four facts of a view, by the language's own getters. */
function factsOf(view: ArrayBufferView): { kind: number; buffer: ArrayBufferLike; offset: number; size: number } {
  const isData = types.isDataView(view);
  const of = isData ? DataView.prototype : typedArray;
  const name = isData ? 'DataView' : (kindName.call(view) as string);
  return {
    kind: Buffer.isBuffer(view) ? 0 : kinds.indexOf(name),
    buffer: getter(of, 'buffer').call(view) as ArrayBufferLike,
    offset: getter(of, 'byteOffset').call(view) as number,
    size: getter(of, 'byteLength').call(view) as number,
  };
}

export function writeView(encoding: Encoding, view: ArrayBufferView): void {
  const { kind, buffer, offset, size } = factsOf(view);
  const { writer } = encoding;
  if (isDetached(buffer)) throw encoding.refusal('a view of a detached ArrayBuffer cannot cross');
  const owner = ownerOfBuffer(buffer);
  if (owner !== undefined && encoding.border.kind === 'network')
    return writeCopy(encoding, view, kind, new Uint8Array(buffer, offset, size));
  if (owner !== undefined && arrayOfObject(owner) === view) return writeSharedMemory(encoding, tag.SHARED_ARRAY, view, owner);
  const isWhole = size === buffer.byteLength && owner === undefined;
  const isPart = kind === 0 && !isWhole && isOwn(encoding, buffer) && !encoding.knows(buffer);
  // A buffer that something was put on is written as the object it is.
  if (isPart || (isWhole && goesInline(encoding, buffer) && !encoding.knows(buffer) && keysOfBuffer(buffer).length === 0)) {
    if (isPart && isAligned(encoding, size)) {
      writer.byte(tag.VIEW);
      encoding.claim(view);
      writer.byte(kind);
      writeAligned(encoding, undefined, new Uint8Array(buffer, offset, size));
      writer.varint(0);
      writer.varint(size + 1);
      return;
    }
    writer.byte(tag.VIEW_WHOLE);
    encoding.claim(view);
    encoding.claim(isPart ? undefined : buffer);
    writer.byte(kind);
    writer.varint(size);
    writer.raw(new Uint8Array(buffer, offset, size));
    return;
  }
  writer.byte(tag.VIEW);
  encoding.claim(view);
  writer.byte(kind);
  encoding.value(buffer);
  writer.varint(offset);
  writer.varint(followsBuffer(view, buffer as MaybeResizable) ? 0 : size + 1);
}

/** A view with a buffer of its own there, whatever it is a view of here. */
function writeCopy(encoding: Encoding, view: ArrayBufferView, kind: number, bytes: Uint8Array): void {
  const { writer } = encoding;
  writer.byte(tag.VIEW_WHOLE);
  encoding.claim(view);
  encoding.claim(undefined);
  writer.byte(kind);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** A buffer of its own there. */
function writeBufferCopy(encoding: Encoding, buffer: ArrayBufferLike): void {
  const { writer } = encoding;
  writer.byte(tag.BUFFER_BYTES);
  encoding.claim(buffer);
  writer.varint(buffer.byteLength);
  writer.raw(new Uint8Array(buffer));
}

/** An array over the memory of a shared object, or its buffer: the other side has the same by the object. */
function writeSharedMemory(encoding: Encoding, kind: number, memory: ArrayBufferView | ArrayBufferLike, owner: object): void {
  const buffer = 'buffer' in memory ? memory.buffer : memory;
  if (isMoved(encoding, buffer)) {
    unmark(buffer);
    throw encoding.refusal(transferRefusal);
  }
  refuseApart(encoding, 'shared memory');
  encoding.writer.byte(kind);
  encoding.claim(memory);
  encoding.value(owner);
}

export function readSharedMemory(decoding: Decoding, kind: number): unknown {
  const place = decoding.reserve();
  const array = arrayOfObject(decoding.value() as object);
  if (array === undefined) throw damaged('shared memory is missing');
  const memory = kind === tag.SHARED_ARRAY ? array : array.buffer;
  decoding.fill(place, memory);
  return memory;
}

/**
 * True if a view grows and shrinks with its buffer. The language does not tell; V8's serializer writes it down, as the lowest bit of its
 * last byte.
 */
function followsBuffer(view: ArrayBufferView, buffer: MaybeResizable): boolean {
  if (buffer.resizable !== true) return false;
  const serializer = new (v8().Serializer)();
  serializer.writeValue(view);
  return ((serializer.releaseBuffer().at(-1) as number) & 1) === 1;
}

/** True if the bytes belong to the sender alone, and stay so. */
const isOwn = (encoding: Encoding, buffer: ArrayBufferLike): boolean =>
  !types.isSharedArrayBuffer(buffer) && !isMoved(encoding, buffer) && ownerOfBuffer(buffer) === undefined;

/** True if the bytes are written, and no other object refers to the buffer. */
function goesInline(encoding: Encoding, buffer: ArrayBufferLike): boolean {
  if (!isOwn(encoding, buffer) || (buffer as MaybeResizable).resizable === true) return false;
  if (isAligned(encoding, buffer.byteLength)) return false;
  return encoding.inline || encoding.border.kind !== 'thread' || buffer.byteLength < ATTACH_FROM;
}

export function readWholeView(decoding: Decoding): ArrayBufferView {
  const { reader } = decoding;
  const place = decoding.reserve();
  const make = constructorOf(reader.byte());
  const buffer = reader.copy(reader.count(1));
  const view = make(buffer, 0, buffer.byteLength);
  decoding.fill(place, view);
  decoding.claim(buffer);
  return view;
}

export function readView(decoding: Decoding): ArrayBufferView {
  const { reader } = decoding;
  const place = decoding.reserve();
  const make = constructorOf(reader.byte());
  const buffer = decoding.value();
  if (!types.isAnyArrayBuffer(buffer)) throw damaged('a buffer is missing');
  const offset = reader.varint();
  const size = reader.varint();
  const view = decoding.hasFailed ? make(new ArrayBuffer(0), 0, 0) : make(buffer, offset, size === 0 ? undefined : size - 1);
  decoding.fill(place, view);
  return view;
}

function constructorOf(kind: number): (buffer: ArrayBufferLike, offset: number, size: number | undefined) => ArrayBufferView {
  if (kind === 0) return (buffer, offset, size) => Buffer.from(buffer, offset, size);
  const View = constructors[kind];
  if (View === undefined) throw damaged(`this Node has no ${kinds[kind] ?? 'such view'}`);
  const width = kind === DATA_VIEW ? 1 : (View as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return (buffer, offset, size) => new View(buffer, offset, size === undefined ? undefined : size / width);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0 || types.isSharedArrayBuffer(buffer)) return false;
  const { detached } = buffer as { detached?: boolean };
  if (detached !== undefined) return detached;
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

export function writeArrayBuffer(encoding: Encoding, buffer: ArrayBuffer): void {
  const owner = ownerOfBuffer(buffer);
  if (owner !== undefined && encoding.border.kind === 'network') return writeBufferCopy(encoding, buffer);
  if (owner !== undefined) return writeSharedMemory(encoding, tag.SHARED_MEMORY, buffer, owner);
  const { writer } = encoding;
  const { resizable, maxByteLength } = buffer as MaybeResizable;
  if (isDetached(buffer)) throw encoding.refusal('a detached ArrayBuffer cannot cross');
  const isThread = encoding.border.kind === 'thread';
  const moved = isMoved(encoding, buffer);
  if (moved && isUntransferable(buffer)) {
    unmark(buffer);
    throw encoding.refusal(transferRefusal);
  }
  if (moved && encoding.isTaken(buffer)) throw encoding.refusal('this ArrayBuffer is moved twice');
  if (isThread && (moved || (!encoding.inline && resizable !== true && buffer.byteLength >= ATTACH_FROM))) {
    if (moved) writeAttached(encoding, buffer, buffer, 'move');
    else if (encoding.lends) writeLent(encoding, buffer);
    else writeAttached(encoding, buffer, copyOf(buffer), 'own');
    return;
  }
  if (moved) encoding.detached.push(buffer);
  if (resizable !== true && isAligned(encoding, buffer.byteLength)) {
    writeAligned(encoding, buffer, new Uint8Array(buffer));
    return;
  }
  writer.byte(resizable === true ? tag.BUFFER_RESIZABLE : tag.BUFFER_BYTES);
  encoding.claim(buffer);
  if (resizable === true) writer.varint(maxByteLength);
  writer.varint(buffer.byteLength);
  writer.raw(new Uint8Array(buffer));
}

/** Large memory in a message for any receiver. */
const isAligned = ({ border }: Encoding, size: number): boolean => border.kind === 'any' && size >= ATTACH_FROM;

/** @param buffer undefined: the receiver alone has one */
function writeAligned(encoding: Encoding, buffer: ArrayBuffer | undefined, bytes: Uint8Array): void {
  const { writer, origin } = encoding;
  writer.byte(tag.BUFFER_ALIGNED);
  encoding.claim(buffer);
  writer.varint(bytes.length);
  // Asked for at once, so that the memory is large enough before the bytes are in it.
  writer.need(1 + ALIGNMENT + bytes.length);
  const gap = -(writer.position + 1 - origin) & (ALIGNMENT - 1);
  writer.byte(gap);
  for (let i = 0; i < gap; i += 1) writer.byte(0);
  writer.raw(bytes);
}

function readAligned(decoding: Decoding): ArrayBuffer {
  const { reader, viewOf } = decoding;
  const count = reader.count(1);
  reader.raw(reader.byte());
  const start = reader.position;
  const view = count > reader.left ? undefined : viewOf?.(start, count);
  if (view !== undefined) reader.position = start + count;
  return decoding.claim(view ?? reader.copy(count));
}

export function readArrayBuffer(decoding: Decoding, kind: number): ArrayBuffer {
  const { reader } = decoding;
  if (kind === tag.BUFFER_ALIGNED) return readAligned(decoding);
  if (kind === tag.BUFFER_BYTES) {
    const buffer = reader.copy(reader.count(1));
    decoding.claim(buffer);
    return buffer;
  }
  const maxByteLength = reader.varint();
  const bytes = reader.raw(reader.count(1));
  const buffer = new (ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ArrayBuffer)(bytes.length, {
    maxByteLength,
  });
  new Uint8Array(buffer).set(bytes);
  decoding.claim(buffer);
  return buffer;
}

const receivers = {
  any: 'a receiver that may be a process',
  network: 'another machine',
  process: 'a process',
  thread: 'a thread',
} as const;
const memoryRemedies = { any: 'anyMemory', network: 'networkMemory', process: 'threadMemory', thread: 'threadMemory' } as const;
const portRemedies = { any: 'anyPort', network: 'networkPort', process: 'threadPort', thread: 'threadPort' } as const;

/** The receiver in words, where it is not a thread. */
const receiver = ({ border }: Encoding): string => receivers[border.kind];

/** Writes an object that only threads can share. */
export function writeShared(encoding: Encoding, object: object, name: string): void {
  const owner = ownerOfBuffer(object);
  if (owner !== undefined && encoding.border.kind === 'network') return writeBufferCopy(encoding, object as SharedArrayBuffer);
  if (owner !== undefined) return writeSharedMemory(encoding, tag.SHARED_MEMORY, object as SharedArrayBuffer, owner);
  if (encoding.border.kind !== 'thread') {
    const why = `${a(name)} cannot cross to ${receiver(encoding)}`;
    throw name === 'WebAssembly.Module'
      ? encoding.refusal(`${why}: its bytes can`)
      : encoding.refusalWith(memoryRemedies[encoding.border.kind], why);
  }
  writeAttached(encoding, object, object, 'share');
}

export function writePort(encoding: Encoding, port: MessagePort): void {
  if (encoding.border.kind !== 'thread')
    throw encoding.refusalWith(portRemedies[encoding.border.kind], `a MessagePort cannot cross to ${receiver(encoding)}`);
  if (encoding.isTaken(port)) throw encoding.refusal('this MessagePort is moved twice');
  writeAttached(encoding, port, port, 'port');
}

export const a = (name: string): string => `${/^[AEIOU]/i.test(name) && !/^(U[RN]|Us)/.test(name) ? 'an' : 'a'} ${name}`;

/** Shared memory that this thread has sent before: it is there already, and is not counted again. */
const countedShared = new WeakSet<object>();

function writeAttached(encoding: Encoding, object: object, value: unknown, how: Attachment['how']): void {
  encoding.writer.byte(tag.ATTACHED);
  encoding.claim(object);
  encoding.writer.varint(encoding.attachments.length);
  encoding.attachments.push({ value, how });
  if (types.isArrayBuffer(value)) encoding.beside += value.byteLength;
  else if (types.isSharedArrayBuffer(value) && !countedShared.has(value)) {
    countedShared.add(value);
    encoding.beside += value.byteLength;
  }
}

function writeLent(encoding: Encoding, buffer: ArrayBuffer): void {
  const { writer, attachments } = encoding;
  writer.byte(tag.LENT);
  encoding.claim(buffer);
  writer.varint(attachments.length);
  writer.varint(buffer.byteLength);
  attachments.push({ value: lend(new Uint8Array(buffer)), how: 'share' });
  encoding.beside += buffer.byteLength;
}

export function readLent(decoding: Decoding): unknown {
  const { reader } = decoding;
  const memory = decoding.attachment(reader.varint());
  const length = reader.varint();
  if (!types.isSharedArrayBuffer(memory) || memory.byteLength < length) throw damaged('lent memory is missing');
  return decoding.claim(take(memory, length));
}

/** Memory that is not filled with zeros first is worth its making where it is large. */
function copyOf(buffer: ArrayBuffer): ArrayBuffer {
  const copy = newMemory(buffer.byteLength);
  copy.set(new Uint8Array(buffer));
  return copy.buffer as ArrayBuffer;
}

export function readAttached(decoding: Decoding): unknown {
  const value = decoding.attachment(decoding.reader.varint());
  const own = decoding.again && types.isArrayBuffer(value) ? slice.call(value, 0) : value;
  decoding.claim(own);
  return own;
}
