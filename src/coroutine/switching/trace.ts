/** The tracer: a function that is called at every switch made by hand, for debugging and profiling. */

import { checkFunction } from '../../check.ts';
import type { RawGreenlet } from './raw-greenlet.ts';

/** `event` is `'throw'` when an error is brought to `target`, else `'switch'`. The tracer is called before `target` resumes. */
export type Tracer = (event: 'switch' | 'throw', greenlets: [origin: RawGreenlet, target: RawGreenlet]) => void;

let tracer: Tracer | undefined;

/**
 * Installs a function that is called at every switch between greenlets made by `greenlet()`; `undefined` or `null` removes it. A tracer
 * that throws is removed, and its error is thrown into the target of the switch. Without a tracer, switches cost nothing more.
 *
 * Source: greenlet.settrace
 *
 * @returns the one there was before
 * @throws TypeError if it is not a function
 *
 * @example
 * ```ts
 * import { greenlet, settrace } from 'heddle/coroutine';
 *
 * const g = greenlet(() => 'done');
 * settrace((event, [, target]) => console.log(event, target === g ? 'to g' : 'back'));
 * g.switch();
 * // prints: switch to g
 * // prints: switch back
 * settrace(undefined);
 * ```
 */
export function settrace(callback: Tracer | null | undefined): Tracer | undefined {
  if (callback !== undefined && callback !== null) checkFunction(callback, 'callback');
  const before = tracer;
  tracer = callback ?? undefined;
  watch('tracer', tracer !== undefined);
  return before;
}

/** The function of the last `settrace`; `undefined` without one. */
export function gettrace(): Tracer | undefined {
  return tracer;
}

/** Calls the tracer. The tracer's error is returned, as it belongs to the target. */
export function trace(event: 'switch' | 'throw', origin: RawGreenlet, target: RawGreenlet): { error: unknown } | undefined {
  if (tracer === undefined) return undefined;
  try {
    tracer(event, [origin, target]);
    return undefined;
  } catch (error) {
    settrace(undefined);
    return { error };
  }
}

/**
 * True if a switch must do more than switch: follow contexts, or call a tracer. One flag for both, since every switch reads it; programs
 * that use neither pay nothing.
 */

export let isWatched = false;
const watchers = new Set<string>();

export function watch(what: 'contexts' | 'tracer', isOn: boolean): void {
  if (isOn) watchers.add(what);
  else watchers.delete(what);
  isWatched = watchers.size > 0;
}
