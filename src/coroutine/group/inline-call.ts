/**
 * A call by a member of the group that it is for. The call runs as a part of the member, in the member's place: in a full pool it could
 * otherwise wait for itself. An error that is thrown into the member is thrown into the call, as if the member had called the function
 * itself.
 */

import { Shielded, type WaitOptions } from '../../loop/index.ts';
import type { Activity } from '../activity.ts';
import type { Watcher } from '../watcher.ts';
import { type Body, spawnFrom } from '../greenlet.ts';
import { Interruption } from '../interruption.ts';
import { Part } from '../part.ts';
import { recordSite } from '../spawn-site.ts';

export class InlineCall<T> extends Shielded<T> implements Watcher {
  readonly seesErrors: boolean = true;
  readonly #part: Part;
  readonly #callback: ((result: T) => unknown) | undefined;

  /** @param above the function whose caller makes the call */
  constructor(
    above: Body,
    fn: Body,
    args: readonly unknown[],
    callback: ((result: T) => unknown) | undefined,
    options: number | WaitOptions | undefined,
  ) {
    super();
    this.#callback = callback;
    this.#part = new Part(fn, args);
    this.#part.site = recordSite(above);
    this.#part.watch(this);
    this.#part.enter();
    this.limit(options);
  }

  describe(): string {
    return this.#part.describeWait();
  }

  ended({ hasFailed, hasExited, result }: Activity): void {
    if (hasFailed || hasExited) this.fail(result);
    else {
      if (this.#callback !== undefined) spawnFrom(this.ended, this.#callback, [result]);
      this.settle(result as T);
    }
  }

  protected interrupted(error: unknown): void {
    // oxlint-disable-next-line no-new -- it goes its way
    if (!this.#part.isRunning) new Interruption(this.#part, error, true);
  }
}
