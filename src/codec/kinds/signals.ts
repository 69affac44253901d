/**
 * AbortSignals keep working on the other side: the value names the signal, the link tells when it fires.
 *
 *   here:  signal ── id ──► Packet.signals          the link listens, and sends { id, reason }
 *   there: id ── importSignal ──► a signal          abortImported(id, reason) fires it
 *
 * One id is one signal for as long as the other side holds it. A signal that comes home is the signal itself.
 */

import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { realmId } from '../packet/realm.ts';
import * as tag from '../packet/tags.ts';

const idOf = new WeakMap<AbortSignal, string>();
const known = new Map<string, WeakRef<AbortSignal>>();
/** As long as a signal lives, so does what can fire it. */
const controllerOf = new WeakMap<AbortSignal, AbortController>();
const forget = new FinalizationRegistry<string>((id) => {
  if (known.get(id)?.deref() === undefined) known.delete(id);
});
let count = 0;

function remember(id: string, signal: AbortSignal): void {
  idOf.set(signal, id);
  known.set(id, new WeakRef(signal));
  forget.register(signal, id);
}

function idFor(signal: AbortSignal): string {
  let id = idOf.get(signal);
  if (id === undefined) {
    count += 1;
    id = `${realmId}:${count}`;
    remember(id, signal);
  }
  return id;
}

export function writeSignal(encoding: Encoding, signal: AbortSignal): void {
  if (encoding.border.kind === 'any')
    throw encoding.refusalWith('anySignal', 'an AbortSignal cannot cross to a receiver that is not known before');
  if (encoding.border.kind === 'network') throw encoding.refusalWith('networkSignal', 'an AbortSignal cannot cross to another machine');
  const id = idFor(signal);
  encoding.writer.byte(tag.ABORT_SIGNAL);
  encoding.claim(signal);
  encoding.writer.text(id);
  encoding.value(signal.aborted);
  if (signal.aborted) encoding.value(signal.reason);
  else if (!encoding.signals.some((one) => one.id === id)) encoding.signals.push({ id, signal });
}

export function readSignal(decoding: Decoding): AbortSignal {
  const place = decoding.reserve();
  const id = decoding.reader.text();
  const signal = importSignal(id);
  decoding.fill(place, signal);
  decoding.signals.push(signal);
  if (decoding.value() === true) abortImported(id, decoding.value());
  return signal;
}

/** The signal that the other side knows by `id`, here. */
function importSignal(id: string): AbortSignal {
  const found = known.get(id)?.deref();
  if (found !== undefined) return found;
  const controller = new AbortController();
  controllerOf.set(controller.signal, controller);
  remember(id, controller.signal);
  return controller.signal;
}

/** Aborts a signal that came from the other side, if it is still in use here. */
export function abortImported(id: string, reason: unknown): void {
  const signal = known.get(id)?.deref();
  if (signal !== undefined) controllerOf.get(signal)?.abort(reason);
}
