/** What a call and a stream have in common: one function, called once with its arguments, by one worker at a time. */

import { type Capsule, type Packet, hasReducers } from '../codec/index.ts';
import type { ChunkReport } from '../worker/index.ts';
import type { CallSite } from './call-site.ts';
import { type AsyncResource, callerContext } from './caller-context.ts';
import { type TaskSettings, hasCallbacks } from './task-options.ts';

/** A job that found no worker willing to begin it this many times is given up: it would go round for ever. */
export const maxReturns = 3;

export abstract class SingleJob {
  readonly id: number;
  readonly settings: TaskSettings;
  readonly weight = 1;
  readonly left = 1;
  readonly isChunk = false;
  readonly isRetry = false;
  readonly isTaken = false;
  since = 0;
  isSettled = false;
  protected readonly capsule: Capsule;
  protected readonly args: Packet;
  protected readonly site: CallSite;
  /** The caller's, if there is code of its to run in it. */
  protected readonly context: AsyncResource | undefined;
  #returns = 0;

  constructor(id: number, capsule: Capsule, args: Packet, settings: TaskSettings, site: CallSite) {
    this.id = id;
    this.capsule = capsule;
    this.args = args;
    this.settings = settings;
    this.site = site;
    this.context = hasCallbacks(settings) || hasReducers() ? callerContext() : undefined;
  }

  get name(): string {
    return this.capsule.name;
  }

  isStuck(): boolean {
    return true;
  }

  judged(report: ChunkReport): ChunkReport {
    return report;
  }

  settleLost(): void {}

  /** Its worker was lost before it began: whether another may have it. */
  protected mayGoElsewhere(): boolean {
    // What changed owner on the way to the lost worker cannot be sent again.
    return this.args.transfer.length === 0 && ++this.#returns <= maxReturns;
  }
}
