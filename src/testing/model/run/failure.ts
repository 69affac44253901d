/** Thrown when a run of the model failed. */

import { inspect } from 'node:util';
import { HeddleError } from '../../../errors.ts';

/** A test of the model fails under a schedule, which is here; what failed is the `cause`. */
export class ModelError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_MODEL`. */
  static override readonly code: string = 'ERR_HEDDLE_MODEL';
  /** For `modelReplay()`. */
  readonly schedule: string;
  /** The steps of the run. */
  readonly steps: readonly string[];

  constructor(how: string, schedule: string, steps: readonly string[], cause: unknown) {
    super(`${how}\n${indent(summary(cause))}\nreplay it: modelReplay(test, '${schedule}')\nits steps:\n${indent(numbered(steps))}`, {
      cause,
    });
    this.schedule = schedule;
    this.steps = steps;
  }
}

/** Of more than these the first are left out. */
const SHOWN = 120;

function numbered(steps: readonly string[]): string {
  const first = Math.max(steps.length - SHOWN, 0);
  const lines = steps.slice(first).map((step, i) => `${String(first + i + 1).padStart(4)}  ${step}`);
  return [...(first === 0 ? [] : [`(${first} before)`]), ...lines].join('\n');
}

const summary = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
