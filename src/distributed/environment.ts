/** The settings of a program that does not know of other machines: its environment variables. */

import type { RemoteEvents, RemoteLink } from '../pool/index.ts';
import { openLink } from './tasks/caller.ts';
import { readTaskBackend } from './options.ts';

/**
 * Connects a pool to the server of `HEDDLE_BACKEND`; `HEDDLE_QUEUE`, `HEDDLE_RELEASE` and `HEDDLE_AUTHKEY` say the rest.
 */
export function openLinkTo(url: string, events: RemoteEvents): Promise<RemoteLink> {
  const { HEDDLE_QUEUE: queue, HEDDLE_RELEASE: release } = process.env;
  return openLink({ ...readTaskBackend({ url, queue, release }), callerTimeout: 15_000 }, events);
}

export { readRelease } from './tasks/release.ts';
