/** The features of this system, for `heddle doctor` and for code that chooses between two ways. */

import { lifelineNeeds } from './lifeline.ts';
import { type FunctionName, nativeCalls, whatIsMissing } from './native.ts';
import { threadNeeds, waitNeeds } from './processes.ts';
import { sharingMissing } from './shared-file.ts';

/** Each of them: null if it is there, else what is missing. */
export interface Features {
  /** Native calls at all; `koffi` is the version that makes them. */
  readonly native: string | null;
  readonly koffi: string | null;
  readonly lifeline: string | null;
  readonly tgkill: string | null;
  readonly waitid: string | null;
  /** Memory that processes share, with words to wait on. */
  readonly sharedHeap: string | null;
}

export function features(): Features {
  const calls = nativeCalls();
  const lack = (names: readonly FunctionName[]): string | null => whatIsMissing(names) ?? null;
  return {
    native: 'missing' in calls ? calls.missing : null,
    koffi: 'missing' in calls ? null : calls.version,
    lifeline: lack(lifelineNeeds),
    tgkill: lack(threadNeeds),
    waitid: lack(waitNeeds),
    sharedHeap: sharingMissing() ?? null,
  };
}
