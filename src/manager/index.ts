/** Managers: objects in a process of their own, shared by proxies. */

export { callback, reconnected, RemoteProxied } from '../proxy/index.ts';
export type { BaseManager, ManagerStatistics, RegisterOptions } from './base.ts';
export type { DictKey, ManagedDict, ManagedList, ManagedNamespace } from './managed.ts';
export type { ManagedSet } from './managed-set.ts';
export { Manager, type ManagerOptions, serveManager } from './manager.ts';
export type { DictProxy, ListProxy, NamespaceProxy, PoolProxy, SetProxy } from './proxy-types.ts';
export { type ConnectOptions, type NumbersOptions, RemoteManager } from './remote-manager.ts';
export type {
  AcquirerProxy,
  ArrayProxy,
  BarrierProxy,
  ConditionProxy,
  EventProxy,
  QueueProxy,
  ValueProxy,
} from './remote-types.ts';
export { serveSession } from './session.ts';
export type { Proxy as ManagerProxy, Recorder } from './types.ts';
