/** The errors of tasks that did not fail by themselves. */

import { quote } from '../../check.ts';
import { TimeoutError, WorkerLost, type WorkerEnd } from '../../errors.ts';

export function overdueError(task: string, timeout: number, notBegun: number | undefined): TimeoutError {
  if (notBegun === undefined) return new TimeoutError(`${task} has not ended within ${timeout} ms`);
  return new TimeoutError(`${task} has not begun within ${notBegun} ms: its worker is stuck, or still imports or decodes what it needs`);
}

/** @param why if this program ended it, for what reason */
export function lostError(end: WorkerEnd, task: string, why?: string): WorkerLost {
  const who = end.kind === 'thread' ? `thread ${end.threadId}` : `process ${end.pid}`;
  if (why !== undefined) return new WorkerLost(`the worker (${who}) that ran ${task} was ended ${why}`, end, task);
  let how = end.signal === null ? `exited with code ${end.exitCode}` : `was killed by ${end.signal}`;
  if (end.error !== undefined && end.error !== null) how += ` after an uncaught error: ${summary(end.error)}`;
  return new WorkerLost(`the worker (${who}) that ran ${task} ${how}`, end, task);
}

/** An error in one line, whatever was thrown. */
export function summary(error: unknown): string {
  try {
    const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
    if (typeof message === 'string') return typeof name === 'string' ? `${name}: ${message}` : message;
    return quote(error);
  } catch {
    return 'a value that cannot be shown';
  }
}
