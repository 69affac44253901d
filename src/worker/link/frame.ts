/**
 * A frame of a link: a small fixed header, a little text, and one encoded message.
 *
 *    0        4        8        12       16               24       28       32
 *    | body   | meta   | kind   | a      | id             | b      | c      | (parcel) | meta (UTF-8) | bytes | padding to 8
 *      bytes    bytes    + flags  u32      float64          u32      u32        u32
 *
 * Frames lie one behind the other, so that those of one tick leave in one write. Values that bytes cannot hold (attachments) travel beside
 * them where the link supports that: between the threads of one process. Shared objects travel in parcels (`parcels.ts`), and the frame
 * names its own.
 */

import type { Transferable } from 'node:worker_threads';
import { RangeError } from '../../refusals.ts';

/** The kind of a frame. `id` is the task, `a`, `b` and `c` are numbers whose meaning depends on the kind. */
export const FrameKind = {
  /** host → worker, first of all. meta: what the worker must know to begin. */
  Init: 1,
  /** worker → host: can take tasks. meta: the identity of the worker. */
  Ready: 2,
  /** host → worker: a function; `a` is the number by which tasks name it. */
  Capsule: 3,
  /** host → worker: forget function `a`. */
  Drop: 4,
  /** host → worker: call function `a` with the arguments in the bytes; it is attempt `b`. `c`: the ticket of a task that is sent ahead, or 0. */
  Task: 5,
  /** host → worker: call function `a` with every item in the bytes; `b` items, begin with item `c`. id < 0 never. */
  Chunk: 6,
  /** worker → host: the end of a task; `a` is 1 for a value, 0 for an error; it took `b` microseconds. `c`: its ticket, or 0. */
  Outcome: 7,
  /** worker → host: items of a chunk that ended, from item `a` on; items below `b` may have started; `c` microseconds were spent. Of a stream: values, from value `a` on. */
  ChunkOutcomes: 8,
  /** both ways: a signal that crossed has aborted. meta: its id; bytes: the reason. */
  SignalAborted: 9,
  /** host → worker: no more tasks will come; end, when the worker's own pools have done their work, or (`a` is 1) at once. */
  Close: 10,
  /** worker → host: an uncaught error ends this worker. bytes: the error. */
  Fatal: 11,
  /** worker → host: it is about to exit. meta: the tasks it had begun. */
  Goodbye: 12,
  /** host → worker: the task is not wanted any more, or took too long; of a chunk item `b`, or `wholeChunk`. bytes: the reason. */
  Abort: 13,
  /** worker → host: the answer to it: this worker is not stuck. */
  AbortSeen: 14,
  /** host → worker: begin no further item of the chunk. */
  Curtail: 15,
  /** worker → host: it has more memory than it should; no more tasks, please. */
  Heavy: 16,
  /** worker → host: what a task tells of its progress. meta: done, total. */
  Progress: 17,
  /** host → worker: the consumer of a stream has taken `a` more of its values. */
  Taken: 18,
  /** worker → host: of a timed task, heddle works for it (`a` is 1), or (0) its own code runs. */
  Preparing: 19,
  /** host → worker: the host has met the shared heap; `a` is its slot there. */
  Slot: 20,
  /** worker → host: its tasks have ended, and its own pools have work (`a` is 1), or have none any more. Told again and again by one that was told to end. */
  PoolsWork: 21,
  /** host → worker: parcel `a` holds the words of tasks that are sent ahead. worker → host: it has opened it. */
  AheadWords: 22,
  /** Of a link with a ring: the next frame comes by the port. Never delivered. */
  Elsewhere: 23,
  /** Of a link with a ring: what comes by the port ends here, and the ring goes on. Never delivered. */
  Resume: 24,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Not one item, but all that are left. */
export const wholeChunk = 0xffff_ffff;

export interface Frame {
  readonly kind: FrameKind;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly meta: string;
  /** The bytes belong to the receiver; they are not written again. */
  readonly bytes: Uint8Array;
  readonly attachments: readonly unknown[];
  /** The attachments that change owner; empty on arrival. */
  readonly transfer: readonly Transferable[];
  /** Shared objects in the bytes: those to be sent, or those that came. */
  handles: readonly object[];
  /** The parcel of its handles, from when the frame leaves until it has arrived; 0: none. */
  parcel: number;
  /** Why the objects in it are not here, if it arrived and could not be opened. */
  lost: Error | undefined;
}

const noBytes = new Uint8Array(0);
const nothing: readonly never[] = [];

/** Every field that is not given is 0 or empty. */
export function frame(kind: FrameKind, fields: Partial<Frame> = {}): Frame {
  return {
    kind,
    id: fields.id ?? 0,
    a: fields.a ?? 0,
    b: fields.b ?? 0,
    c: fields.c ?? 0,
    meta: fields.meta ?? '',
    bytes: fields.bytes ?? noBytes,
    attachments: fields.attachments ?? nothing,
    transfer: fields.transfer ?? nothing,
    handles: fields.handles ?? nothing,
    parcel: fields.parcel ?? 0,
    lost: undefined,
  };
}

export const headerSize = 32;

/** The bytes of this frame lie outside the batch, as the next entry of a list of their own. */
export const outside = 0x100;
/** This frame has attachments: the next entry of their list. */
export const attached = 0x200;
/** The frame has a parcel. */
const parcelled = 0x400;
const parcelSize = 4;

const maxBody = 0xffff_ffff;
const padded = (size: number): number => Math.ceil(size / 8) * 8;

/** Bytes the frame takes in a batch; `inside` says whether its bytes are part of it. */
export function frameSize(f: Frame, inside: boolean): number {
  if (inside && isBare(f)) return (headerSize + f.bytes.byteLength + 7) & ~7;
  return padded(headSize(f) + (inside ? f.bytes.byteLength : 0));
}

/** Bytes that are copied faster by a loop than by a call. */
const few = 64;

/** True for most frames: a header and a few bytes. */
export function isBare(f: Frame): boolean {
  return f.meta === '' && f.parcel === 0 && f.bytes.byteLength <= few && f.attachments.length === 0;
}

/** Bytes before the encoded message. */
export function headSize(f: Frame): number {
  return headerSize + (f.parcel === 0 ? 0 : parcelSize) + (f.meta.length === 0 ? 0 : Buffer.byteLength(f.meta));
}

/** Writes all of a frame but its bytes; `bytesInside` is how many of those will follow. Returns where they begin. */
export function writeHead(f: Frame, bytesInside: number, into: Uint8Array, view: DataView, at: number, flags: number): number {
  const metaSize = f.meta.length === 0 ? 0 : Buffer.byteLength(f.meta);
  const before = f.parcel === 0 ? 0 : parcelSize;
  const body = before + metaSize + bytesInside;
  if (body > maxBody) throw new RangeError(`expected a message of less than 4 GiB, got ${body} bytes`);
  view.setUint32(at, body, true);
  view.setUint32(at + 4, metaSize, true);
  view.setUint32(at + 8, f.kind | flags | (before === 0 ? 0 : parcelled), true);
  view.setUint32(at + 12, f.a, true);
  view.setFloat64(at + 16, f.id, true);
  view.setUint32(at + 24, f.b, true);
  view.setUint32(at + 28, f.c, true);
  const end = at + headerSize + before;
  if (before > 0) view.setUint32(at + headerSize, f.parcel, true);
  if (metaSize > 0) into.set(Buffer.from(f.meta), end);
  return end + metaSize;
}

/** Writes one frame at `at` and returns where the next one begins. */
export function writeFrame(f: Frame, into: Uint8Array, view: DataView, at: number, flags: number): number {
  if (flags === 0 && isBare(f)) return writeBare(f, into, view, at);
  const bytesInside = (flags & outside) === 0 ? f.bytes.byteLength : 0;
  const end = writeHead(f, bytesInside, into, view, at, flags);
  if (bytesInside > 0) into.set(f.bytes, end);
  return at + padded(end - at + bytesInside);
}

function writeBare({ kind, id, a, b, c, bytes }: Frame, into: Uint8Array, view: DataView, at: number): number {
  const { byteLength } = bytes;
  view.setUint32(at, byteLength, true);
  view.setUint32(at + 4, 0, true);
  view.setUint32(at + 8, kind, true);
  view.setUint32(at + 12, a, true);
  view.setFloat64(at + 16, id, true);
  view.setUint32(at + 24, b, true);
  view.setUint32(at + 28, c, true);
  const start = at + headerSize;
  for (let i = 0; i < byteLength; i++) into[start + i] = bytes[i]!;
  return (start + byteLength + 7) & ~7;
}

/** How many bytes the frame whose header begins at `at` takes, padding included. */
export function sizeAt(view: DataView, at: number): number {
  const body = view.getUint32(at, true);
  return padded(headerSize + body);
}

/** Reads the frame at `at`. `beside` hands out what the flags say lies outside. */
export function readFrame(from: Uint8Array, view: DataView, at: number, beside?: Beside): Frame {
  const body = view.getUint32(at, true);
  const metaSize = view.getUint32(at + 4, true);
  const word = view.getUint32(at + 8, true);
  const hasParcel = (word & parcelled) !== 0;
  const start = at + headerSize + (hasParcel ? parcelSize : 0);
  return {
    kind: (word & 0xff) as FrameKind,
    id: view.getFloat64(at + 16, true),
    a: view.getUint32(at + 12, true),
    b: view.getUint32(at + 24, true),
    c: view.getUint32(at + 28, true),
    meta: metaSize === 0 ? '' : Buffer.from(from.buffer, from.byteOffset + start, metaSize).toString(),
    bytes: (word & outside) !== 0 && beside ? beside.bytes() : from.subarray(start + metaSize, at + headerSize + body),
    attachments: (word & attached) !== 0 && beside ? beside.attachments() : nothing,
    transfer: nothing,
    handles: nothing,
    parcel: hasParcel ? view.getUint32(at + headerSize, true) : 0,
    lost: undefined,
  };
}

/** Reads the frame at `at` from memory that will be written again: its bytes are copied. */
export function copyFrame(from: Uint8Array, view: DataView, at: number): Frame {
  const body = view.getUint32(at, true);
  const metaSize = view.getUint32(at + 4, true);
  const word = view.getUint32(at + 8, true);
  const parcelAt = at + headerSize;
  const metaAt = (word & parcelled) === 0 ? parcelAt : parcelAt + parcelSize;
  const start = metaAt + metaSize;
  const count = parcelAt + body - start;
  const bytes = count === 0 ? noBytes : new Uint8Array(count);
  if (count > few) bytes.set(from.subarray(start, start + count));
  else for (let i = 0; i < count; i++) bytes[i] = from[start + i]!;
  return {
    kind: (word & 0xff) as FrameKind,
    id: view.getFloat64(at + 16, true),
    a: view.getUint32(at + 12, true),
    b: view.getUint32(at + 24, true),
    c: view.getUint32(at + 28, true),
    meta: metaSize === 0 ? '' : Buffer.from(from.buffer, from.byteOffset + metaAt, metaSize).toString(),
    bytes,
    attachments: nothing,
    transfer: nothing,
    handles: nothing,
    parcel: metaAt === parcelAt ? 0 : view.getUint32(parcelAt, true),
    lost: undefined,
  };
}

/** Where a link keeps what does not lie in the batch. */
export interface Beside {
  bytes(): Uint8Array;
  attachments(): readonly unknown[];
}
