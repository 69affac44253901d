/**
 * A child process that ends with whoever started it, by the kernel's hand, whatever either of them is doing.
 *
 *      host                                    child
 *      write end, the only one  ══ pipe ══>    read end, armed: "when this has news, SIGKILL the child"
 *
 * Nothing is ever written. The end of the host, or of the thread of it that holds the write end, closes that: this is the news. The
 * flags that arm belong to the open file, not to a descriptor, so the host arms through its own copy of the read end and
 * closes the copy; the child needs to do nothing and never runs unarmed once `arm` has returned. (`PR_SET_PDEATHSIG` would
 * kill the child at the end of the thread that forked it, even where the owner lives on.)
 */

import { UnsupportedPlatformError } from '../errors.ts';
import { type FunctionName, whatIsMissing } from './native.ts';
import { closeEnd, control, hold, openPipe } from './pipe.ts';

const fSetfl = 4;
const fSetown = 8;
const fSetsig = 10;
const oAsync = 0o20000;
const sigkill = 9;

export const lifelineNeeds: readonly FunctionName[] = ['pipe2', 'fcntl', 'close'];

export class Lifeline {
  /** The read end, to be given to the child as one of its descriptors. */
  readonly childEnd: number;
  readonly #holder: { destroy(): void };
  #isCopyClosed = false;

  /** @throws UnsupportedPlatformError if native calls are missing */
  constructor() {
    const lack = whatIsMissing(lifelineNeeds);
    if (lack !== undefined) throw new UnsupportedPlatformError(`a lifeline cannot be made: ${lack}`);
    const { readEnd, writeEnd } = openPipe();
    this.childEnd = readEnd;
    this.#holder = hold(writeEnd);
  }

  /** To be called once, right after the child was started: its process id cannot have passed to another process yet. */
  arm(pid: number): void {
    try {
      control(this.childEnd, fSetown, pid);
      control(this.childEnd, fSetsig, sigkill);
      control(this.childEnd, fSetfl, oAsync);
    } finally {
      this.#closeCopy();
    }
  }

  /** The child has ended, or was never started. One that lives is killed. */
  release(): void {
    this.#closeCopy();
    this.#holder.destroy();
  }

  #closeCopy(): void {
    if (this.#isCopyClosed) return;
    this.#isCopyClosed = true;
    closeEnd(this.childEnd);
  }
}
