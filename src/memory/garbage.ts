/**
 * Asks V8 to collect garbage now: a handle that nobody uses holds its object until then, and V8 sees only small handles, not what is behind them.
 * Its finalizers let the objects go, in later turns of the event loop.
 */

import { v8, vm } from '../builtins.ts';
import { setImmediate } from '../real-timers.ts';

let gc: (() => unknown) | undefined;
let isDue = false;

/** In a turn of its own. It keeps the program alive for nothing. */
export function collectGarbage(): void {
  if (isDue) return;
  isDue = true;
  setImmediate(() => {
    isDue = false;
    gc ??= findGc();
    gc();
  }).unref();
}

/** `node --expose-gc` need not have been said: the flag holds for contexts that are made from now on. */
function findGc(): () => unknown {
  if (globalThis.gc !== undefined) return globalThis.gc;
  const { setFlagsFromString } = v8();
  setFlagsFromString('--expose-gc');
  const found = vm().runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return found;
}
