/** The loop that coroutines run on: who is ready, what happens when, and what every waiting call returns. */

export { systemClock, type Clock } from './clock.ts';
export { Deque } from './deque.ts';
export {
  Done,
  done,
  enterStep,
  leaveStep,
  Operation,
  type Owner,
  Pending,
  readWaitOptions,
  setOwnerOf,
  type Wait,
  WAIT,
  type WaitOptions,
  type Waiter,
} from './operation.ts';
export { drains, ready, readyCount, replaceChoice, type Steppable } from './ready.ts';
export { addTimer, now, removeTimer, replaceClock, type Timed } from './timers.ts';
export { type Listed, WaitList } from './wait-list.ts';
