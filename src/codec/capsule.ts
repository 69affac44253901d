/**
 * A function made ready for many calls: encoded once, sent once to each worker, opened there once.
 *
 *   host:    fn --captureFunction--> Capsule { id, packet }        the same bytes have the same id
 *   worker:  packet --openCapsule--> () => the function for one call
 *
 * A function whose captures a call could change is decoded anew for every call, so that no task sees the changes of another to its copy.
 * For all others one decoded function serves.
 */

import { crypto } from '../builtins.ts';
import { checkFunction } from '../check.ts';
import { publish } from '../events.ts';
import type { AnyFunction, Dismantled } from './courier.ts';
import { Encoder } from './packet/encoder.ts';
import { areUntouched, type InlineCode, Lru, nameIn, nameOfFunction, type Origin, serializer } from './function/index.ts';
import type { Border, Packet } from './packet/packet.ts';
import { realmId } from './packet/realm.ts';
import { reducerOf } from './objects/reducers.ts';

export interface Capsule {
  /** Equal ids mean equal bytes. */
  readonly id: string;
  /** The function's name, `(anonymous)` if it has none. */
  readonly name: string;
  readonly packet: Packet;
  /** Function to look up when an error comes home, if its code does not say where it stands. */
  readonly origin?: Origin;
}

interface Kept {
  readonly capsule: Capsule;
  /** Functions in it and their names: as long as nothing was put on them, the next capture would give the same bytes. */
  readonly stable: { readonly functions: readonly AnyFunction[]; readonly names: readonly unknown[] } | undefined;
}

/** The kind of receiver: what is written for one kind differs from what is written for another. */
type Receiver = Border['kind'] | 'networkWithCode';

const receiverOf = ({ kind, code }: Border): Receiver => (kind === 'network' && code === true ? 'networkWithCode' : kind);

const kept: Record<Receiver, WeakMap<AnyFunction, Kept>> = {
  thread: new WeakMap(),
  process: new WeakMap(),
  network: new WeakMap(),
  networkWithCode: new WeakMap(),
};
const idsByHash = new Lru<string, string>(4096);
/** Above this size bytes are compared with those of the function's last capture; below, with any capture's, by hash. */
const hashedUpTo = 64 * 1024;
/** Up to this size the bytes themselves are the key: that costs a tenth of a hash. */
const keptUpTo = 1024;
let count = 0;

const newId = (): string => {
  count += 1;
  return `${realmId}/${count}`;
};

/** @throws SerializationError if the function or something it captured cannot cross */
export function captureFunction(fn: AnyFunction, border: Border): Capsule {
  checkFunction(fn, 'the task');
  const receiver = receiverOf(border);
  const before = kept[receiver].get(fn);
  if (before?.stable !== undefined && areUntouched(before.stable.functions, before.stable.names)) return before.capsule;
  // A reducer travels with its class.
  const inline = reducerOf(fn) === undefined && receiver !== 'network' ? serializer().inlineCode(fn) : undefined;
  if (inline !== undefined) return inlineCapsule(inline, fn, border);
  const name = nameOfFunction(fn);
  const { packet, stable, origin } = pack(fn, name, border);
  const capsule: Capsule = { id: idOf(packet, before?.capsule), name, packet, ...(origin === undefined ? {} : { origin }) };
  kept[receiver].set(fn, { capsule, stable });
  return capsule;
}

interface Packed {
  readonly packet: Packet;
  readonly stable: Kept['stable'];
  readonly origin: Origin | undefined;
}

function pack(fn: AnyFunction, name: string, border: Border, root?: Dismantled): Packed {
  const encoder = new Encoder({ border, inline: true, keep: true });
  const { isMutable, isStable, functions, origin } = serializer().captureDuring(() => encoder.add(fn, name), root);
  encoder.add(isMutable, 'mutable');
  return { packet: encoder.finish(), stable: isStable ? { functions, names: functions.map(nameIn) } : undefined, origin };
}

const inlinePackets: Record<Receiver, WeakMap<InlineCode, Capsule>> = {
  thread: new WeakMap(),
  process: new WeakMap(),
  network: new WeakMap(),
  networkWithCode: new WeakMap(),
};

/** All closures with one text share their packet; each says for itself where it stands. */
function inlineCapsule(code: InlineCode, fn: AnyFunction, border: Border): Capsule {
  let shared = inlinePackets[receiverOf(border)].get(code);
  if (shared === undefined) {
    const started = performance.now();
    const name = nameOfFunction(fn);
    const { packet } = pack(fn, name, border, { early: code.recipe, late: [], modules: [] });
    shared = { id: newId(), name, packet };
    inlinePackets[receiverOf(border)].set(code, shared);
    publish('functionCaptured', () => ({ name, how: 'value', ms: performance.now() - started }));
  }
  const { id, name, packet } = shared;
  return { id, name, packet, origin: { fn, mark: code.mark } };
}

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string => Buffer.from(buffer, byteOffset, length).toString('latin1');

function idOf(packet: Packet, before: Capsule | undefined): string {
  const { bytes, attachments, signals } = packet;
  // Attachments and signals are not in the bytes.
  if (attachments.length > 0 || signals.length > 0) return newId();
  if (bytes.length > hashedUpTo) return before !== undefined && Buffer.compare(before.packet.bytes, bytes) === 0 ? before.id : newId();
  const hash = bytes.length <= keptUpTo ? latin1(bytes) : crypto().createHash('sha1').update(bytes).digest('base64');
  return idsByHash.get(hash) ?? idsByHash.set(hash, newId());
}
