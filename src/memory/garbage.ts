/**
 * Asks V8 to collect garbage now. An unused handle holds its object until then, and V8 sees only small handles, not the memory behind them.
 * Finalizers release the objects in later turns of the event loop.
 */

import { v8, vm } from '../builtins.ts';
import { setImmediate } from '../real-timers.ts';

let gc: (() => unknown) | undefined;
let isDue = false;

/** Runs in its own turn. The request does not keep the program alive. */
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
