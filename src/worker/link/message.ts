/** Packets in frames and back, and how an outcome is encoded so that one that cannot cross fails only its own task. */

import { messageOf } from '../../errors.ts';
import { types } from 'node:util';
import { type Border, Decoder, type Encoder, type Incoming, type Packet, encode } from '../../codec/index.ts';
import type { Frame, FrameKind } from './frame.ts';

/** The text beside the bytes; empty in nearly every frame. */
export interface Meta {
  /** Modules to import before decoding. */
  readonly modules?: readonly string[];
  /** Name of a function. */
  readonly name?: string;
  /** The message holds signals that the sender may fire later. */
  readonly hasSignals?: true;
  /** The items of a chunk are lists of arguments. */
  readonly isSpread?: true;
  /** True if it may be aborted. */
  readonly isAbortable?: true;
  /** The values that the task's result yields are wanted one by one. */
  readonly isStream?: true;
  /** The host measures how long it takes: it is told when the task's code runs. Each item of a chunk is reported before the next begins. */
  readonly isTimed?: true;
  /** Items of a chunk that may begin before the first report; default 1. */
  readonly lease?: number;
  /** The packet of a chunk is a list in shared memory, and item 0 its element of this index. */
  readonly rangeFrom?: number;
  /** Which attempt of its items a chunk is; default 1. */
  readonly attempt?: number;
  /** Which outcomes of a frame are errors, counted from its first. */
  readonly failed?: readonly number[];
  /** All items of a chunk are run by the worker that has it. */
  readonly isWhole?: true;
  /** The chunk ends with these outcomes; its other items were not begun. */
  readonly isCut?: true;
}

/** Bytes of a message, with the memory that travels beside them. */
export function weightOf({ bytes, attachments }: Pick<Incoming, 'bytes' | 'attachments'>): number {
  let weight = bytes.byteLength;
  for (const attachment of attachments) if (types.isAnyArrayBuffer(attachment)) weight += attachment.byteLength;
  return weight;
}

export function packetFrame(kind: FrameKind, packet: Packet, fields: Partial<Frame>, more?: Meta): Frame {
  let meta: Meta | undefined = more;
  if (packet.modules.length > 0) meta = { ...meta, modules: packet.modules };
  if (packet.signals.length > 0) meta = { ...meta, hasSignals: true };
  return {
    kind,
    id: fields.id ?? 0,
    a: fields.a ?? 0,
    b: fields.b ?? 0,
    c: fields.c ?? 0,
    meta: meta === undefined ? '' : JSON.stringify(meta),
    bytes: packet.bytes,
    attachments: packet.attachments,
    transfer: packet.transfer,
    handles: packet.handles,
    parcel: 0,
    lost: undefined,
  };
}

const noMeta: Meta = {};

export function metaOf(f: Frame): Meta {
  return f.meta === '' ? noMeta : (JSON.parse(f.meta) as Meta);
}

const noModules: readonly string[] = [];

export function incoming(f: Frame, meta: Meta): Incoming {
  return { bytes: f.bytes, attachments: f.attachments, modules: meta.modules ?? noModules, handles: f.handles, lost: f.lost };
}

/** Encodes how a task ended. `isOk` of the answer is false if the value could not cross and the refusal goes in its place. */
export function encodeOutcome(isOk: boolean, value: unknown, border: Border): { isOk: boolean; packet: Packet } {
  if (isOk) {
    try {
      return { isOk, packet: encode(value, { root: 'result', border }) };
    } catch (refusal) {
      return encodeOutcome(false, refusal, border);
    }
  }
  try {
    return { isOk, packet: encode(value, { root: 'error', border, isThrown: true }) };
  } catch (refusal) {
    return { isOk, packet: encode(readableError(value, refusal), { root: 'error', border, isThrown: true }) };
  }
}

/** As `encodeOutcome`, for one of many outcomes in a packet. Returns whether the item ended well. */
export function addOutcome(encoder: Encoder, isOk: boolean, value: unknown): boolean {
  if (isOk) {
    try {
      encoder.add(value, 'result');
      return true;
    } catch (refusal) {
      return addOutcome(encoder, false, refusal);
    }
  }
  try {
    encoder.add(value, 'error', true);
  } catch (refusal) {
    encoder.add(readableError(value, refusal), 'error', true);
  }
  return false;
}

/** Outcomes of a frame: values in memory of the receiver's own, and which of them are errors, in order. */
export interface Outcomes {
  readonly values: unknown[] | Int32Array | Float64Array;
  readonly failed: readonly number[];
}

const noneFailed: readonly number[] = [];

/** Decodes the outcomes of a frame. One that cannot be decoded has failed. */
export function readOutcomes(packet: Incoming, border: Border, failed: readonly number[] = noneFailed): Outcomes {
  const decoder = new Decoder(packet, border);
  if (decoder.numbers !== undefined) return { values: decoder.numbers, failed };
  const values: unknown[] = [];
  let undecodable: number[] | undefined;
  for (let i = 0; i < decoder.count; i++) {
    try {
      values.push(decoder.next());
    } catch (error) {
      values.push(error);
      if (!failed.includes(i)) (undecodable ??= []).push(i);
    }
  }
  return { values, failed: undecodable === undefined ? failed : [...failed, ...undecodable].sort((a, b) => a - b) };
}

/** Stands in for an error that cannot cross: its name, message and stack as plain text. */
function readableError(thrown: unknown, refusal: unknown): Error {
  const text = (key: string, otherwise: string): string => {
    try {
      const value: unknown = (thrown as Record<string, unknown>)[key];
      return typeof value === 'string' ? value : otherwise;
    } catch {
      return otherwise;
    }
  };
  const error = new Error(text('message', 'a thrown value that cannot cross'));
  error.name = text('name', 'Error');
  error.stack = text('stack', `${error.name}: ${error.message}`);
  error.cause = new Error(`the thrown value itself could not be sent: ${messageOf(refusal)}`);
  return error;
}
