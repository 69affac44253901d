/** The loop that coroutines run on: the ready queue, the timers, and the operation that every waiting call returns. */

export { blocking, isBlockingSeen, replaceBlocking } from './blocking.ts';
export { systemClock, type Clock } from './clock.ts';
export { Deque } from './deque.ts';
export { setWithoutContext, withoutContext } from '../no-context.ts';
export { ItemIterator, type ItemSource } from './item-iterator.ts';
export { describeDeadlock, type Living, living, replaceTeller, restartNumbers, takeNumber, tell } from './living.ts';
export { Done, done, Failed, Operation, Pending, yes } from './operation.ts';
export { enterOutside, leaveOutside, outsideCount } from './outside.ts';
export { type Ending, type Owner, setOwnerOf } from './owner.ts';
export { type Actor, countDrain, drains, hold, ready, readyAt, readyCount, release, stepReady, type Steppable } from './ready.ts';
export { currentScope, isInside, RunScope, setScopeProvider } from '../scope.ts';
export { Shielded } from './shielded.ts';
export { enterStep, leaveStep, type Wait, WAIT } from './step.ts';
export { addTimer, now, removeTimer, replaceClock, type Timed } from './timers.ts';
export { type Listed, type ListNode, WaitList } from './wait-list.ts';
export { isAborted, readSyncTimeout, readWaitOptions, type SyncWaitOptions, timeoutOfSync, type WaitOptions } from './wait-options.ts';
export type { Waiter } from './wait-record.ts';
