/** What a call and a stream have in common: one function, called once with its arguments, by one worker at a time. */

import { type Capsule, type Packet, hasReducers } from '../codec/index.ts';
import { handleDoor } from '../handles.ts';
import type { ChunkReport } from '../worker/index.ts';
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
  /** It may be sent ahead to a busy worker. */
  goesAhead: boolean = false;
  since = 0;
  isSettled = false;
  protected readonly capsule: Capsule;
  protected readonly args: Packet;
  #returns = 0;

  constructor(id: number, capsule: Capsule, args: Packet, settings: TaskSettings) {
    this.id = id;
    this.capsule = capsule;
    this.args = args;
    this.settings = settings;
  }

  get name(): string {
    return this.capsule.name;
  }

  get isAhead(): boolean {
    return false;
  }

  takeBack(): boolean {
    return false;
  }

  hasBegunAhead(): boolean {
    return false;
  }

  isStuck(): boolean {
    return true;
  }

  judged(report: ChunkReport): ChunkReport {
    return report;
  }

  settleLost(): void {}

  release(): void {
    if (this.args.handles.length > 0) handleDoor()?.unpin(this.args.handles);
  }

  /** Its worker was lost before it began: whether another may have it. */
  protected mayGoElsewhere(): boolean {
    // What changed owner on the way to the lost worker cannot be sent again.
    return this.args.transfer.length === 0 && ++this.#returns <= maxReturns;
  }
}

/** The running code's context, if a task with these settings has code of its caller's to run in it. */
export function contextFor(settings: TaskSettings): AsyncResource | undefined {
  return hasCallbacks(settings) || hasReducers() ? callerContext() : undefined;
}
