/** The features of this system, for `heddle doctor` and for code that chooses between two ways. */

import { lifelineNeeds } from './lifeline.ts';
import { type FunctionName, nativeCalls, whatIsMissing } from './native.ts';
import { threadNeeds, waitNeeds } from './processes.ts';
import { sharingMissing } from './shared-file.ts';

/** The features of this system: `null` if available, otherwise the reason why not. */
export interface Features {
  /** Native calls at all; `koffi` is the version that makes them. */
  readonly native: string | null;
  /** The version of koffi; `null`: not available. */
  readonly koffi: string | null;
  /** `null`: worker processes end with this program; otherwise the reason why not. */
  readonly lifeline: string | null;
  /** `null`: the life of a thread can be checked; otherwise the reason why not. */
  readonly tgkill: string | null;
  /** `null`: the end of a child can be read while the event loop stands still; otherwise the reason why not. */
  readonly waitid: string | null;
  /** Memory that processes share, with words to wait on. */
  readonly sharedHeap: string | null;
}

/** Reports which native calls work, and the reasons for those that do not. */
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
