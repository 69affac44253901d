/**
 * Registries of finalizers that are never collected. V8 posts one task for the finalizers that are due. If the only registry of the task
 * was collected before it runs, the task ends without a trace, and no finalizer of the thread is ever called again (seen on Node 20). The
 * callback of such a registry must not keep the registry's owner alive.
 */

const kept = new Set<FinalizationRegistry<never>>();

export function keepRegistry(registry: FinalizationRegistry<never>): void {
  kept.add(registry);
}
