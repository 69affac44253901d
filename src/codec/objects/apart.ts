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
  if (kind === 'network') throw encoding.refusal(`${what} cannot cross to another machine: ${insteadOf(what)}`);
  const to = apart === undefined ? 'a process' : kind === 'any' ? 'another program' : 'its host';
  throw encoding.refusal(`${what} cannot cross to ${to}: ${why}`, new UnsupportedPlatformError(why));
}

/** The objects that do for several machines what a shared object does for one. */
const distributed: readonly (readonly [RegExp, string])[] = [
  [/Lock$/, 'DistributedLock'],
  [/Semaphore$/, 'DistributedSemaphore'],
  [/^(?:Event|Condition)$/, 'DistributedEvent'],
  [/^Barrier$/, 'DistributedBarrier'],
  [/(?:Queue|Deque|Connection)$/, 'DistributedQueue'],
];

function insteadOf(what: string): string {
  const name = what.replace(/^an? /, '');
  const instead = distributed.find(([pattern]) => pattern.test(name))?.[1] ?? 'DistributedMap';
  return `use a ${instead}, which all machines see, or hand over a copy of what is in it`;
}

/** The reason why what is beyond the border cannot see this thread's shared objects. A receiver by way of the shared heap itself sees them. */
function whyApart({ kind, apart }: Destination): string | undefined {
  if (kind === 'network') return 'it is on another machine';
  return kind === 'process' ? (handleDoor()?.whyApart() ?? apart) : apart;
}
