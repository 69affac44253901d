/** Refuses shared objects and their memory where the receiver does not see the heap of this thread. */

import { UnsupportedPlatformError } from '../../errors.ts';
import { handleDoor } from '../../handles.ts';
import type { Encoding } from '../packet/encoding.ts';
import type { Destination } from '../packet/packet.ts';

/** @throws SerializationError with the path, where what is beyond the border does not see this thread's shared objects */
export function refuseApart(encoding: Encoding, what: string): void {
  const why = whyApart(encoding.border);
  if (why === undefined) return;
  const { kind, apart } = encoding.border;
  const to = apart === undefined ? 'a process' : kind === 'any' ? 'another program' : 'its host';
  throw encoding.refusal(`${what} cannot cross to ${to}: ${why}`, new UnsupportedPlatformError(why));
}

/** The reason why what is beyond the border cannot see this thread's shared objects. A receiver by way of the shared heap itself sees them. */
function whyApart({ kind, apart }: Destination): string | undefined {
  return kind === 'process' ? (handleDoor()?.whyApart() ?? apart) : apart;
}
