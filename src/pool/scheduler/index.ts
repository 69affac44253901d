/** The pool's decisions, apart from all I/O. */

export { step } from './step.ts';
export { type SchedulerState, createState, hasRoom, takesRetries } from './state.ts';
export type { FailedStart, Instruction, Key, SchedulerEvent, SchedulerOptions, WorkerId } from './events.ts';
export { Task, type Wishes } from './task.ts';
