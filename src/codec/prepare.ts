/** What has to happen before a packet can be decoded: its modules are loaded, which takes time only once. */

import { courier } from './function/index.ts';
import type { Packet } from './packet.ts';

/** Loads the modules a packet needs; `undefined` if all are there already. */
export function prepare(packet: Pick<Packet, 'modules'>): Promise<void> | undefined {
  return packet.modules.length === 0 ? undefined : courier.loadModules(packet.modules);
}
