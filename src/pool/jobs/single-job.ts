/** The common part of a call and a stream: one function, called once with its arguments, by one worker at a time. */

import { type Capsule, type Packet, hasReducers } from '../../codec/index.ts';
import { handleDoor } from '../../handles.ts';
import type { Call, CallMeta } from '../../worker/index.ts';
import { type AsyncResource, type CallerContext, callerContext } from './caller-context.ts';
import { Job } from './job.ts';
import type { Wishes } from '../scheduler/index.ts';
import { type TaskSettings, defaultSettings, hasCallbacks, isAbortable, isTimed } from './task-options.ts';

/** The number of workers that did not begin a job after which it is given up: it would circulate indefinitely. */
export const maxReturns = 3;

export abstract class SingleJob extends Job implements Call {
  declare readonly args: Packet;
  /** From 1. */
  declare attempt: number;
  /** Times it came back without having begun. */
  declare protected returns: number;

  constructor(id: number, capsule: Capsule, args: Packet, settings: TaskSettings, context: CallerContext | undefined, wishes: Wishes) {
    super(id, capsule, settings, context, wishes, false, false);
    this.args = args;
    this.attempt = 1;
    this.returns = 0;
  }

  get how(): CallMeta | undefined {
    return this.settings === defaultSettings ? undefined : howOf(this.settings);
  }

  release(): void {
    if (this.args.handles.length > 0) handleDoor()?.unpin(this.args.handles);
  }

  /** True if another worker may have it after its worker was lost before it began. */
  protected mayGoElsewhere(): boolean {
    // Memory that was moved to the lost worker cannot be sent again.
    return this.args.transfer.length === 0 && ++this.returns <= maxReturns;
  }
}

/** Returns the facts that the worker must know beforehand. */
export function howOf(settings: TaskSettings): CallMeta {
  return { ...(isAbortable(settings) ? { isAbortable: true } : {}), ...(isTimed(settings) ? { isTimed: true } : {}) };
}

/** The running code's context, if a task with these settings has code of its caller's to run in it. */
export function contextFor(settings: TaskSettings): AsyncResource | undefined {
  return hasReducers() || (settings !== defaultSettings && hasCallbacks(settings)) ? callerContext() : undefined;
}
