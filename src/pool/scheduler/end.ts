/** The end of a pool. */

import type { Instruction } from './events.ts';
import { dismiss } from './staff.ts';
import type { SchedulerState } from './state.ts';
import { dropAll } from './waiting.ts';

export function shutDown(state: SchedulerState, cancelFutures: boolean, out: Instruction[]): void {
  state.isShutDown = true;
  if (!cancelFutures) return;
  state.isCancelled = true;
  dropAll(state, 'cancelled', out);
}

/** Includes workers that were told to end in good order. */
export function killAll(state: SchedulerState, out: Instruction[]): void {
  for (const worker of state.workers.values()) dismiss(state, worker, 'kill', out);
}

/** After shutdown: workers that have nothing to do end; the last one ends it all. */
export function windDown(state: SchedulerState, out: Instruction[]): void {
  if (!state.isShutDown || state.isFinished || state.waiting > 0) return;
  for (const worker of state.workers.values()) {
    if (worker.state !== 'stopping' && worker.tasks.size === 0) dismiss(state, worker, 'stop', out);
  }
  if (state.workers.size > 0) return;
  state.isFinished = true;
  out.push({ type: 'finished' });
}
