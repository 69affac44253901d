/** What has to happen before a packet can be decoded: its modules are loaded, which takes time only once. */

import { courier } from './function/index.ts';
import type { Packet } from './packet.ts';

/** Loads the modules a packet needs; `undefined` if all are there already. */
export function prepare(packet: Pick<Packet, 'modules'>): Promise<void> | undefined {
  return packet.modules.length === 0 ? undefined : courier.loadModules(packet.modules);
}

/**
 * Loads them in the middle of a synchronous call.
 *
 * @throws SerializationError if one of the modules can be loaded by `import()` alone, as those with a top-level `await`
 */
export function prepareSync(modules: readonly string[]): void {
  if (modules.length > 0) courier.requireModules(modules);
}
