/**
 * heddle: Python's concurrency model for Node. The layers below this entry point, from the top:
 *
 *   context   8   processes and pools, bound to one start method
 *   manager   8   objects in a separate process, and their proxies
 *   process   7.5 `Process`
 *   thread    7   `Thread`, `Timer`
 *   pool      7   futures, executors, pools, maps
 *   worker    6   one worker: its start, its link, its end
 *   channel   5   queues and pipes
 *   shared-map 5.5 a hash map in shared memory
 *   shared    5   values and arrays in shared memory
 *   connection 5  sockets between programs
 *   codec     4   values and functions to bytes and back
 *   sync      3   locks, semaphores, conditions, events, barriers, the same between threads and processes
 *   memory    2   the heap that threads and processes share, and waiting on its words (`heddle/lowlevel`)
 *   progress  3   rates, time left, a bar
 *   platform  1   native calls
 *   errors, events, check: used by all layers
 */

// Run functions elsewhere: on threads, or in processes.
export { ThreadPoolExecutor, ThreadPoolExecutor as InterpreterPoolExecutor, ProcessPoolExecutor, Executor, Future } from './pool/index.ts';
export type {
  Backoff,
  ConstructorOptions,
  ExecutorOptions,
  Items,
  MapResults,
  MapOptions,
  PoolExecutor,
  PoolStatistics,
  RequiredInitArgs,
  ShutdownOptions,
  Streamed,
  TaskOptions,
  TaskProgress,
} from './pool/index.ts';

// Processes that run a function, or a class's run().
export { activeChildren, cpuCount, currentProcess, parentProcess, Process } from './process/index.ts';
export type { ParentProcess, ProcessInfo, ProcessOptions } from './process/index.ts';

// How processes and the workers of pools start.
export { Context, getAllStartMethods, getContext, getStartMethod, setForkserverPreload, setStartMethod } from './context/index.ts';
export type { ContextOptions, StartMethodOptions } from './context/index.ts';
export { ForkServerProcess, SpawnProcess, ThreadProcess } from './process/index.ts';
export type { StartMethod } from './worker/index.ts';

// Threads that run a function, or a class's run().
export {
  activeCount,
  currentThread,
  enumerateThreads,
  getIdent,
  getNativeId,
  mainThread,
  setExceptHook,
  Thread,
  ThreadLocal,
  Timer,
} from './thread/index.ts';
export type { ExceptHook, ThreadLocalConstructor, ThreadOptions, ThreadRecord } from './thread/index.ts';

// Inside a task: what it knows of itself.
export { currentTask } from './worker/index.ts';
export type { CurrentTask, ResourceLimits } from './worker/index.ts';
export type { Progress } from './progress/index.ts';

// The same with the words of Python's multiprocessing.Pool.
export { AsyncResult, Pool, ThreadPool } from './pool/index.ts';
export type { ApplyOptions, Callbacks, ImapIterator, MapAsyncOptions, PoolOptions } from './pool/index.ts';

// Wait for many futures.
export { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, asCompleted, wait } from './pool/index.ts';
export type { AsCompletedOptions, CompletedFutures, DoneAndNotDone, WaitForOptions, Waitable } from './pool/index.ts';

// Take turns, between threads and processes alike.
export { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from './sync/index.ts';
export type {
  BarrierOptions,
  BarrierStatistics,
  ConditionStatistics,
  EventStatistics,
  LockOptions,
  LockStatistics,
  SemaphoreOptions,
  SemaphoreStatistics,
} from './sync/index.ts';
export type { AsyncItemIterator } from './iteration.ts';
export type { Operation, SyncWaitOptions, Wait, WaitOptions } from './loop/index.ts';
export type { SharedObject } from './memory/index.ts';

// Numbers and arrays that all see.
export { RawArray, RawValue, share, SharedArray, Value } from './shared/index.ts';
export type {
  BigintCode,
  GuardedStatistics,
  NumberCode,
  Settable,
  SharableArray,
  SharedArrayStatistics,
  SharedOptions,
  TypeCode,
  ValueOf,
  ValueStatistics,
  ViewOf,
} from './shared/index.ts';

// Memory by name, also of other programs.
export { ShareableList, SharedMemory } from './shared/index.ts';
export type {
  ShareableListOptions,
  ShareableListStatistics,
  ShareableValue,
  SharedMemoryOptions,
  SharedMemoryStatistics,
} from './shared/index.ts';

// A hash map that all see, without a server.
export { SharedMap } from './shared-map/index.ts';
export type { SharedMapKey, SharedMapPrimitive, SharedMapStatistics } from './shared-map/index.ts';

// Hand items on, between threads and processes alike. JoinableQueue is Queue under Python's name.
export { Deque, LifoQueue, PriorityQueue, Queue, Queue as JoinableQueue, SimpleQueue } from './channel/index.ts';
export type {
  AppendOptions,
  DequeStatistics,
  PriorityItem,
  PutOptions,
  PutSyncOptions,
  QueueOptions,
  QueueStatistics,
  SimpleQueueStatistics,
  SyncOptions as QueueSyncOptions,
} from './channel/index.ts';

// Two ends, between which messages go both ways, and waiting for the first of many things.
export { Connection, Pipe, waitReady } from './channel/index.ts';
export type { ConnectionStatistics, SendOptions } from './channel/index.ts';

// Connections to other programs that know a key.
export { Client, Listener, SocketConnection } from './connection/index.ts';
export type {
  ClientOptions,
  ConnectionAddress,
  ListenerAddress,
  ListenerStatistics,
  ListenOptions,
  SocketSendOptions,
} from './connection/index.ts';

// Objects in a process of their own, shared by proxies.
export { callback, Manager, RemoteManager } from './manager/index.ts';
export type {
  AcquirerProxy,
  ArrayProxy,
  BarrierProxy,
  BaseManager,
  ConditionProxy,
  ConnectOptions,
  DictKey,
  DictProxy,
  EventProxy,
  ListProxy,
  ManagedDict,
  ManagedList,
  ManagedNamespace,
  ManagedSet,
  ManagerOptions,
  ManagerProxy,
  ManagerStatistics,
  NamespaceProxy,
  NumbersOptions,
  PoolProxy,
  QueueProxy,
  Recorder,
  RegisterOptions,
  SetProxy,
  ValueProxy,
} from './manager/index.ts';

// Values that cross, and how.
export { move, registerReducer, type Reducer } from './codec/index.ts';

// Errors.
export {
  AuthenticationError,
  BrokenBarrierError,
  BrokenExecutor,
  BrokenProcessPool,
  BrokenThreadPool,
  BufferTooShort,
  CancelledError,
  Empty,
  EOFError,
  Full,
  HeddleError,
  InvalidStateError,
  OwnerDied,
  ProcessError,
  SerializationError,
  ShutDown,
  TimeoutError,
  UnsupportedPlatformError,
  WorkerLost,
  type ThreadInfo,
  type WorkerEnd,
} from './errors.ts';

// Events on `diagnostics_channel`.
export type { Events } from './events.ts';
