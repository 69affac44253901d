/**
 * Decides which worker runs which task, when workers start and when they end. No I/O, no clocks, no promises: an event goes
 * in, instructions come out, and the pool carries them out. (The idea is dask's `worker_state_machine.py`.) The same events
 * always give the same instructions.
 *
 *   task:    waiting --dispatch--> running --taskEnded--> gone
 *              |  ^                  | | `--abort--> interrupted --ends, or its worker does--> gone, or waiting again
 *              |  |                  | |
 *              |  `-- not begun, or may be tried again; held until `resume`, if it says so
 *              `-- cancel, abort, broken --> gone
 *
 *   worker:  starting --workerStarted--> ready --maxTasksPerChild, retire--> retiring
 *                 \                        \                                   \
 *                  `------------------------`-------- stop or kill -------------`--> stopping --workerLost--> gone
 *
 * After a shutdown workers end with `windDown`, not at the end of their last task: the waiter for that may try it again. A worker whose own
 * pools have work still counts: it is neither idle nor, when it retires, told to end before they have done it. Shutdown tells it at once;
 * then it waits for them by itself.
 *
 * A task that waits may do so at a busy worker, which takes it up without asking (`ahead.ts`).
 *
 * A task waits in the queue of all, in that of one worker (its key or a broadcast binds it), or behind another of its key.
 */

import { balance, recalled, setDepth, takesAhead } from './ahead.ts';
import { killAll, shutDown, windDown } from './end.ts';
import type { Instruction, SchedulerEvent } from './events.ts';
import { feed } from './dispatch.ts';
import { keepMinimum, startNeeded } from './staff.ts';
import type { SchedulerState } from './state.ts';
import { abort, broadcast, cancel, giveUp, resume, submit, taskEnded } from './tasks.ts';
import { freed, graceOver, idleOver, movedOn, poolsWork, recycle, workerLost, workerStarted } from './workers.ts';

export function step(state: SchedulerState, event: SchedulerEvent): Instruction[] {
  const out: Instruction[] = [];
  switch (event.type) {
    case 'open':
      keepMinimum(state, out);
      break;
    case 'announce':
      announce(state, out);
      break;
    case 'submit':
      submit(state, event.task, event.isBounded, event.startsHeld, out);
      break;
    case 'broadcast':
      broadcast(state, event.tasks, out);
      break;
    case 'workerStarted':
      workerStarted(state, event.worker);
      break;
    case 'workerLost':
      workerLost(state, event.worker, event.notBegun, event.start ?? 'failed', out);
      break;
    case 'taskEnded':
      taskEnded(state, event.task, event.again ?? false, out);
      break;
    case 'resume':
      resume(state, event.task);
      break;
    case 'giveUp':
      giveUp(state, event.task, out);
      break;
    case 'cancel':
      cancel(state, event.task, out);
      break;
    case 'abort':
      abort(state, event.task, event.again ?? false, out);
      break;
    case 'graceOver':
      graceOver(state, event.task, event.isResponsive, out);
      break;
    case 'movedOn':
      movedOn(event.task);
      break;
    case 'recalled':
      for (const worker of recalled(state, event.tasks, event.begun)) freed(state, worker, out);
      return out;
    case 'takesAhead':
      takesAhead(state, event.worker);
      break;
    case 'depth':
      setDepth(state, event.depth, out);
      return out;
    case 'balance':
      feed(state, out);
      balance(state, event.silent, out);
      return out;
    case 'idleOver':
      idleOver(state, event.worker, out);
      break;
    case 'poolsWork':
      poolsWork(state, event.worker, event.doWork, out);
      break;
    case 'retire':
      recycle(state, event.worker, out);
      break;
    case 'shutdown':
      shutDown(state, event.cancelFutures, out);
      break;
    case 'terminate':
      shutDown(state, true, out);
      killAll(state, out);
      break;
    case 'windDown':
      windDown(state, out);
      return out;
  }
  if (state.queue.length > 0 || state.unfed.length > 0) feed(state, out);
  if (state.queue.length > 0 || state.ahead > 0) startNeeded(state, out);
  return out;
}

/** A task is being made: a worker for it may start meanwhile. */
function announce(state: SchedulerState, out: Instruction[]): void {
  if (state.isShutDown) return;
  startNeeded(state, out, 1);
  keepMinimum(state, out);
}
