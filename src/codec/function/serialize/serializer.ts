/**
 * Gives the serializing half of this folder to the rest of it. Hosts load the serializing half with the rest (`codec/host.ts`). Workers mostly receive functions
 * only, and load it when they first send one:
 *
 *   thread-main.js ──▶ codec ──▶ rebuilding half        serializer() ──▶ require() ──▶ serialize.js, which provides itself here
 *
 * A loader that replaces `require()`, such as tsx, would make a second heddle of it: where there may be one, the half is imported beforehand.
 */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SerializationError } from '../../../errors.ts';
import { ownWork } from '../../../own-work.ts';
import { placeOf } from '../../../places.ts';
import { withoutWarning } from '../inspect/inspector.ts';
import type { dismantle } from './dismantle.ts';
import type { inlineCode } from './inline.ts';
import type { isInternalClass } from '../inspect/internal-class.ts';
import type { lookUpPlace } from '../inspect/look-up-place.ts';
import type { captureDuring, captureOf } from './message.ts';
import type { readSecrets } from '../inspect/read-secrets.ts';

interface Serializer {
  readonly dismantle: typeof dismantle;
  readonly inlineCode: typeof inlineCode;
  readonly isInternalClass: typeof isInternalClass;
  readonly captureDuring: typeof captureDuring;
  readonly captureOf: typeof captureOf;
  readonly lookUpPlace: typeof lookUpPlace;
  readonly readSecrets: typeof readSecrets;
}

let loaded: Serializer | undefined;
const file = placeOf('codec/function/serialize.js');

export function provideSerializer(half: Serializer): void {
  loaded = half;
}

/** @throws SerializationError if it cannot be loaded in the middle of a call */
export function serializer(): Serializer {
  if (loaded !== undefined) return loaded;
  // Node 22.12 still warns of a `require()` that loads an ES module.
  ownWork(() => withoutWarning('ExperimentalWarning', () => createRequire(import.meta.url)(fileURLToPath(file)) as unknown));
  if (loaded === undefined) throw new SerializationError('functions cannot leave this worker: a loader has replaced require() in it');
  return loaded;
}

/** Loads the half where waiting is possible: to be called before a loader is registered. */
export async function prepareSerializer(): Promise<void> {
  if (loaded === undefined) await import(file.href);
}
