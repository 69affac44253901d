/**
 * Asks V8 to collect garbage now. An unused handle holds its object until then, and V8 sees only small handles, not the memory behind them.
 * Finalizers release the objects in later turns of the event loop.
 */

import { v8, vm } from '../../builtins.ts';
import { setImmediate } from '../../real-timers.ts';

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

/**
 * Registries of finalizers that are never collected. V8 posts one task for the finalizers that are due. If the only registry of the task
 * was collected before it runs, the task ends without a trace, and no finalizer of the thread is ever called again (seen on Node 20). The
 * callback of such a registry must not keep the registry's owner alive.
 */
const kept = new Set<object>();

/** @param registry a `FinalizationRegistry`; not by that name, which programs for older JavaScript lack */
export function keepRegistry(registry: object): void {
  kept.add(registry);
}
