/**
 * A child process that the kernel ends with its starter, whatever either of them is doing.
 *
 *      host                                    child
 *      write end, the only one  ══ pipe ══>    read end: "when this has news, SIGKILL the child"
 *      a copy of the read end, to arm it
 *
 * Nothing is ever written. When the host ends, or its thread that holds the write end, the write end closes: the signal. The arming flags
 * belong to the open file, which both copies of the read end share, so the host arms and disarms. The child does nothing, and has not run a
 * task unarmed. (`PR_SET_PDEATHSIG` would kill the child at the end of the thread that forked it, even where its owner lives on.)
 */

import { UnsupportedPlatformError } from '../errors.ts';
import { type FunctionName, whatIsMissing } from './native.ts';
import { control, hold, openHeld } from './pipe.ts';

const fSetfl = 4;
const fSetown = 8;
const fSetsig = 10;
const oAsync = 0o20000;
const sigkill = 9;

export const lifelineNeeds: readonly FunctionName[] = ['pipe2', 'fcntl', 'close'];

export class Lifeline {
  /** The read end, to be given to the child as one of its descriptors. */
  readonly childEnd: number;
  readonly #holders: readonly { destroy(): void }[];

  /** @throws UnsupportedPlatformError if native calls are missing */
  constructor() {
    const lack = whatIsMissing(lifelineNeeds);
    if (lack !== undefined) throw new UnsupportedPlatformError(`a lifeline cannot be made: ${lack}`);
    const [childEnd, holders] = openHeld(({ readEnd, writeEnd }) => [readEnd, [hold(writeEnd), hold(readEnd)]] as const);
    this.childEnd = childEnd;
    this.#holders = holders;
  }

  /** To be called right after the child was started, while its process id cannot have passed to another process. */
  arm(pid: number): void {
    control(this.childEnd, fSetown, pid);
    control(this.childEnd, fSetsig, sigkill);
    control(this.childEnd, fSetfl, oAsync);
  }

  /** The child may outlive us: it has been told to end, and does so in its own time. */
  disarm(): void {
    control(this.childEnd, fSetfl, 0);
  }

  /** Closes our ends: the child has ended, or never started. One that is armed and lives is killed. */
  release(): void {
    for (const holder of this.#holders) holder.destroy();
  }
}
