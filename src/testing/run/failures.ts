/** How a run of a test fails, but for errors of its own; and what `explore()` throws when one did. */

import { inspect } from 'node:util';
import { HeddleError } from '../../errors.ts';

/** Thrown when the test waits, and nothing can go on. The message lists what each greenlet waits for. */
export class DeadlockError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_DEADLOCK`. */
  static override readonly code: string = 'ERR_HEDDLE_DEADLOCK';
}

/** The test goes on and on: it took more than `maxSteps` steps, or something in it does not end when it is killed. */
export class EndlessError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_ENDLESS`. */
  static override readonly code: string = 'ERR_HEDDLE_ENDLESS';
}

/** A test fails under a schedule, which is here, with what the test threw as the `cause`. */
export class ScheduleError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_SCHEDULE`. */
  static override readonly code: string = 'ERR_HEDDLE_SCHEDULE';
  /** For `replay()`. */
  readonly schedule: string;
  /** The steps of the run. */
  readonly steps: readonly string[];

  constructor(how: string, schedule: string, steps: readonly string[], cause: unknown) {
    const text = schedule.length > LONGEST ? 'error.schedule' : `'${schedule}'`;
    super(`${how}\n${indent(summary(cause))}\nreplay it: await replay(test, ${text})\nits steps:\n${indent(numbered(steps))}`, { cause });
    this.schedule = schedule;
    this.steps = steps;
  }
}

/** A longer schedule is not readable. */
const LONGEST = 500;

/** Of more than these the first are left out. */
const SHOWN = 40;

function numbered(steps: readonly string[]): string {
  const first = Math.max(steps.length - SHOWN, 0);
  const lines = steps.slice(first).map((step, i) => `${first + i + 1}. ${step}`);
  return [...(first === 0 ? [] : [`(${first} before)`]), ...lines].join('\n');
}

const summary = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
