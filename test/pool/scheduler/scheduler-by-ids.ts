/** The scheduler with numbers for its tasks, as events and instructions are written down in tests. */

import {
  type Instruction as OfTask,
  type SchedulerEvent as EventOfTask,
  type SchedulerState,
  Task,
  type Wishes,
  step as stepOfTask,
} from '#src/pool/scheduler/index.js';

type Numbered<T> = T extends unknown
  ? { readonly [K in keyof T]: T[K] extends Task ? number : T[K] extends readonly Task[] ? readonly number[] : T[K] }
  : never;

export interface Submission extends Wishes {
  readonly isBounded?: boolean;
  readonly startsHeld?: boolean;
}

export type SchedulerEvent =
  | Exclude<Numbered<EventOfTask>, { type: 'submit' }>
  | ({ readonly type: 'submit'; readonly task: number } & Submission);

export type Instruction = Numbered<OfTask>;

const tasksOf = new WeakMap<SchedulerState, Map<number, Task>>();

/** The task of a number. One that was never submitted is made. */
export function taskOf(state: SchedulerState, id: number, wishes: Wishes = {}): Task {
  let tasks = tasksOf.get(state);
  if (tasks === undefined) tasksOf.set(state, (tasks = new Map()));
  let task = tasks.get(id);
  if (task === undefined) tasks.set(id, (task = new Task(id, wishes)));
  return task;
}

export function step(state: SchedulerState, event: SchedulerEvent): Instruction[] {
  return stepOfTask(state, withTasks(state, event)).map(numbered);
}

function numbered(instruction: OfTask): Instruction {
  if ('task' in instruction) return { ...instruction, task: instruction.task.id };
  if ('tasks' in instruction) return { ...instruction, tasks: instruction.tasks.map(({ id }) => id) };
  return instruction;
}

function withTasks(state: SchedulerState, event: SchedulerEvent): EventOfTask {
  const all = (ids: readonly number[]): Task[] => ids.map((id) => taskOf(state, id));
  switch (event.type) {
    case 'submit':
      return {
        type: 'submit',
        task: taskOf(state, event.task, event),
        isBounded: event.isBounded ?? false,
        startsHeld: event.startsHeld ?? false,
      };
    case 'workerLost':
      return { ...event, notBegun: all(event.notBegun) };
    case 'recalled':
      return { type: 'recalled', tasks: all(event.tasks), begun: all(event.begun) };
    case 'broadcast':
      return { type: 'broadcast', tasks: all(event.tasks) };
    default:
      return 'task' in event ? { ...event, task: taskOf(state, event.task) } : event;
  }
}
