/**
 * A function made ready for many calls: encoded once, sent once to each worker, opened there once.
 *
 *   host:    fn --captureFunction--> Capsule { id, packet }        the same bytes have the same id
 *   worker:  packet --openCapsule--> () => the function for one call
 *
 * A function whose captures a call could change is decoded anew for every call, so that no task sees what another
 * did to its copy; for all others one decoded function serves.
 */

import { createHash } from 'node:crypto';
import { checkFunction } from '../check.ts';
import type { AnyFunction } from './courier.ts';
import { decode, Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';
import { captureDuring, Lru, nameOfFunction } from './function/index.ts';
import type { Border, Incoming, Packet } from './packet.ts';
import { realmId } from './realm.ts';

export interface Capsule {
  /** Equal ids mean equal bytes. */
  readonly id: string;
  /** The function's name, `(anonymous)` if it has none. */
  readonly name: string;
  readonly packet: Packet;
}

interface Kept {
  readonly capsule: Capsule;
  /** The next capture of the function would give the same bytes. */
  readonly stable: boolean;
}

const kept: Record<Border['kind'], WeakMap<AnyFunction, Kept>> = { thread: new WeakMap(), process: new WeakMap() };
const idsByHash = new Lru<string, string>(4096);
/** Above this size bytes are compared with those of the function's last capture; below, with any capture's, by hash. */
const hashedUpTo = 64 * 1024;
let count = 0;

const newId = (): string => {
  count += 1;
  return `${realmId}/${count}`;
};

/** @throws SerializationError if the function or something it captured cannot cross */
export function captureFunction(fn: AnyFunction, border: Border): Capsule {
  checkFunction(fn, 'the task');
  const before = kept[border.kind].get(fn);
  if (before?.stable === true) return before.capsule;
  const name = nameOfFunction(fn);
  const encoder = new Encoder({ border, inline: true, keep: true });
  const { isMutable, isStable } = captureDuring(() => encoder.add(fn, name));
  encoder.add(isMutable, 'mutable');
  const packet = encoder.finish();
  const capsule: Capsule = { id: idOf(packet, before?.capsule), name, packet };
  kept[border.kind].set(fn, { capsule, stable: isStable });
  return capsule;
}

function idOf(packet: Packet, before: Capsule | undefined): string {
  const { bytes, attachments, signals } = packet;
  // What travels beside the bytes is not in them.
  if (attachments.length > 0 || signals.length > 0) return newId();
  if (bytes.length > hashedUpTo) return before !== undefined && Buffer.compare(before.packet.bytes, bytes) === 0 ? before.id : newId();
  const hash = createHash('sha1').update(bytes).digest('base64');
  return idsByHash.get(hash) ?? idsByHash.set(hash, newId());
}

/** Opens a capsule whose modules are loaded. */
export function openCapsule(packet: Incoming, border: Border): () => AnyFunction {
  const decoder = new Decoder(packet, border, { again: true });
  let next: AnyFunction | undefined = decoder.next() as AnyFunction;
  const isMutable = decoder.next() as boolean;
  const first = next;
  if (!isMutable) return () => first;
  return () => {
    const fn = next ?? (decode(packet, border, { again: true }) as AnyFunction);
    next = undefined;
    return fn;
  };
}
