/** Measures the steps of greenlets, from one wait to the next. While this is off, a step is what it was: nothing asks. */

import { Activity } from '../task/activity.ts';
import { found, lost } from './calls.ts';
import { LONG_STEP } from './tell.ts';
import { sampleSince } from './watchdog.ts';
import { originOf } from './who.ts';

const { prototype } = Activity;
const { step } = prototype;
let limit: number;

/** Tells of those that take longer than `longerThan` milliseconds, without the calls that were told of. */
export function measureSteps(longerThan: number): void {
  limit = longerThan;
  prototype.step = measuredStep;
}

export function leaveSteps(): void {
  if (prototype.step === measuredStep) prototype.step = step;
}

function measuredStep(this: Activity): void {
  // The site is forgotten at the end.
  const { site } = this;
  const lostBefore = lost;
  const begin = performance.now();
  try {
    step.call(this);
  } finally {
    const ms = performance.now() - begin - (lost - lostBefore);
    if (ms > limit) found(LONG_STEP, ms, this.greenlet.name, sampleSince(begin)?.stack ?? originOf(site));
  }
}
