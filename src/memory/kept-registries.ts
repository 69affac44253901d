/**
 * Registries of finalizers that are never collected. V8 posts one task for the finalizers that are due; when the only registry of the task has been
 * collected before it runs, the task ends without a note of that, and no finalizer of the thread is ever called again (seen on Node 20). The callback of
 * such a registry must not keep what the registry belongs to.
 */

const kept = new Set<object>();

/** @param registry a `FinalizationRegistry`; not by that name, which programs for older JavaScript lack */
export function keepRegistry(registry: object): void {
  kept.add(registry);
}
