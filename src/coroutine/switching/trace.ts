/** A function that is told of every switch made by hand: for those who debug or measure what runs. */

import { checkFunction } from '../../check.ts';
import type { RawGreenlet } from './raw-greenlet.ts';

/** `event` is `'throw'` when an error is brought to `target`, else `'switch'`. It is called before `target` goes on. */
export type Tracer = (event: 'switch' | 'throw', greenlets: [origin: RawGreenlet, target: RawGreenlet]) => void;

let tracer: Tracer | undefined;

/**
 * Has a function called at every switch between greenlets made by `greenlet()`; `undefined` or `null` ends that. A tracer that
 * throws is taken away, and its error is thrown where the switch goes to. While there is none, switches cost nothing more.
 *
 * Source: greenlet.settrace
 *
 * @returns the one there was before
 * @throws TypeError if it is no function
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

/** The function that `settrace` was given last; `undefined` if there is none. */
export function gettrace(): Tracer | undefined {
  return tracer;
}

/** Calls the tracer. Its error is returned, as it belongs to the target. */
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
 * Whether a switch has more to do than to switch: contexts to follow, or a tracer to call. One flag, since every switch looks at
 * it; who asks for nothing pays for nothing.
 */

export let isWatched = false;
const watchers = new Set<string>();

export function watch(what: 'contexts' | 'tracer', isOn: boolean): void {
  if (isOn) watchers.add(what);
  else watchers.delete(what);
  isWatched = watchers.size > 0;
}
