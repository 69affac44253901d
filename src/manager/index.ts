/** Managers: objects in a process of their own, shared by proxies. */

export { callback } from '../proxy/index.ts';
export type { DictKey, ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
export type { ManagedSet } from './managed-set.ts';
export {
  type DictProxy,
  type ListProxy,
  Manager,
  type ManagerOptions,
  type ManagerStatistics,
  type NamespaceProxy,
  type PoolProxy,
  type RegisterOptions,
  serveManager,
  type SetProxy,
} from './manager.ts';
export type { Proxy as ManagerProxy, Recorder } from './types.ts';
