/** The loop that coroutines run on: who is ready, what happens when, and what every waiting call returns. */

export { blocking, replaceBlocking } from './blocking.ts';
export { systemClock, type Clock } from './clock.ts';
export { Deque } from './deque.ts';
export { setWithoutContext } from './no-context.ts';
export { describeDeadlock, type Living, living, replaceTeller, restartNumbers, takeNumber, tell } from './living.ts';
export {
  Done,
  done,
  type Ending,
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
  yes,
} from './operation.ts';
export { enterOutside, leaveOutside, outsideCount } from './outside.ts';
export { type Actor, countDrain, drains, hold, ready, readyAt, readyCount, release, stepReady, type Steppable } from './ready.ts';
export { Shielded } from './shielded.ts';
export { addTimer, now, removeTimer, replaceClock, type Timed } from './timers.ts';
export { type Listed, WaitList } from './wait-list.ts';
