/** From a message that stands alone to its value: the way back of encoder.ts. */

import { Decoding, type ViewOf } from '../packet/decoding.ts';
import type { Incoming } from '../packet/packet.ts';
import { damaged, Reader } from '../packet/reader.ts';
import { readFlat } from './flat-reader.ts';
import { FLAT, WITH_MODULES } from './form.ts';

/** The parts of a message that are not in its bytes. */
export interface MessageBeside extends Pick<Incoming, 'handles' | 'lost' | 'namedBy'> {
  /**
   * Gives memory of the receiver's own that shows `length` bytes from `start` on, for large buffers; all else is copied. Such memory begins at a
   * multiple of 16 bytes from the start of the message.
   */
  readonly viewOf?: ViewOf | undefined;
}

const none: readonly string[] = [];

/** Keys of the modules that must be loaded before a message can be decoded; mostly empty. */
export function modulesOf(bytes: Uint8Array, start: number, end: number): readonly string[] {
  if (bytes[start] !== WITH_MODULES) return none;
  const reader = new Reader();
  reader.reset(bytes, start, end);
  const size = reader.uint32AtEnd();
  if (size > reader.left) throw damaged('its modules are missing');
  reader.position = reader.end - size;
  const keys: string[] = [];
  for (let left = reader.count(1); left > 0; left -= 1) keys.push(reader.text());
  return keys;
}

const spares: Decoding[] = [];
const SPARES = 4;

/**
 * Decodes the message between two places of `bytes`, whose modules are loaded. Nothing in the value refers to the bytes, but for what `viewOf` gave.
 *
 * @throws SerializationError if the bytes are damaged; whatever user code threw that had to run
 */
export function decodeMessage(bytes: Uint8Array, start: number, end: number, beside?: MessageBeside): unknown {
  return bytes[start] === FLAT ? decodeFlat(bytes, start + 1, end) : decodeGeneral(bytes, start, end, beside);
}

/** One is enough: no user code runs while a flat message is read. */
const flat = new Reader();

/** The value of a flat message whose first byte is at `start`. */
export function decodeFlat(bytes: Uint8Array, start: number, end: number): unknown {
  flat.reset(bytes, start, end);
  const value = readFlat(flat);
  if (flat.position !== end) throw damaged('it has another length than it says');
  flat.forget();
  return value;
}

function decodeGeneral(bytes: Uint8Array, start: number, end: number, beside: MessageBeside | undefined): unknown {
  // User code may run, and decode another message meanwhile.
  const decoding = spares.pop() ?? new Decoding();
  try {
    const { reader } = decoding;
    reader.reset(bytes, start, end);
    if (beside !== undefined) {
      decoding.beside = { attachments: [], handles: beside.handles, lost: beside.lost, namedBy: beside.namedBy };
      decoding.viewOf = beside.viewOf;
    }
    const form = reader.byte();
    if (form > WITH_MODULES) throw damaged('it begins with an unknown byte');
    if (form === WITH_MODULES) {
      const size = reader.uint32AtEnd();
      if (size > reader.left) throw damaged('its modules are missing');
      reader.end -= size;
    }
    return decoding.message(true);
  } finally {
    decoding.forget();
    if (spares.length < SPARES) spares.push(decoding);
  }
}
