/** The worker's side of a capsule: `capsule.ts` has the picture. */

import type { AnyFunction } from './courier.ts';
import { decode, Decoder } from './packet/decoder.ts';
import type { Border, Incoming } from './packet/packet.ts';

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
