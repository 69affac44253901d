/** `heddle/coroutine`: many small concurrent things in one thread. Nothing here is shared with other threads or copied. */

/** greenlet's switch by hand. */
export { getcurrent, greenlet, type RawGreenlet } from './switching/raw-greenlet.ts';
export type { ContextSnapshot } from './task/context.ts';
export { GreenletExit } from './task/greenlet-exit.ts';
export { gettrace, settrace, type Tracer } from './switching/trace.ts';

/** Greenlets that the loop runs. */
export { spawn, spawnLater } from './task/spawn.ts';
export { type Coroutine, getCurrent, Greenlet, type ResultOf, type Spawnable } from './task/greenlet.ts';
export type { LinkTarget, Outcome } from './task/link.ts';

/** Waiting. */
export { sleep } from './wait/sleep.ts';
export { until } from './wait/until.ts';
export { joinAll, type JoinAllOptions } from './wait/join-all.ts';
export { wait, type WaitManyOptions } from './wait/wait.ts';
export { iwait, type ReadyOnes } from './wait/iwait.ts';
export type { Linkable, Waitable } from './wait/completions.ts';
export { forEach } from './wait/for-each.ts';
export { killAll, type KillAllOptions } from './wait/kill-all.ts';
export type { AsyncItemIterator } from '../iteration.ts';
export { type Operation, type Wait, type WaitOptions } from '../loop/index.ts';

/** Greenlets that belong together. */
export type { GroupMapping } from './group/mapping.ts';
export { Group } from './group/group.ts';
export { Pool } from './group/pool.ts';
export { PoolFull } from './group/in-line.ts';
export { TaskGroup } from './group/task-group.ts';
export type { ImapIterator } from './group/imap-results.ts';
export type { AdmissionOptions, Callbacks, GroupJoinOptions, ImapOptions } from './group/options.ts';
export type { Items } from './group/source.ts';

/** Limits of time. */
export { Timeout, type TimeoutException, type TimeoutRunOptions } from './timeout/timeout.ts';

/** Queues. */
export { Queue, Queue as JoinableQueue, type TaskQueueStatistics } from './queue/queue.ts';
export { LifoQueue } from './queue/lifo-queue.ts';
export { type Ordered, type Prioritized, PriorityQueue } from './queue/priority-queue.ts';
export { type QueueStatistics, SimpleQueue } from './queue/simple-queue.ts';
export { Channel, type ChannelStatistics } from './queue/channel.ts';
export type { BlockOptions } from './queue/options.ts';

/** Locks, and what else greenlets wait for each other with. */
export type { Acquirable } from './sync/acquirable.ts';
export { AsyncResult, type AsyncResultStatistics } from './sync/async-result.ts';
export { BoundedSemaphore } from './sync/semaphore.ts';
export { Condition, type ConditionStatistics } from './sync/condition.ts';
export { Event, type EventStatistics } from './sync/event.ts';
export { Lock, type LockStatistics } from './sync/lock.ts';
export { RLock, type RLockStatistics } from './sync/rlock.ts';
export { Semaphore, type SemaphoreStatistics } from './sync/semaphore.ts';
export { Local, type LocalConstructor } from './task/local.ts';

/** Blocking functions, run in another thread. */
export { toThread } from './wait/to-thread.ts';

/** The detection of blocking calls. */
import * as monkey from './monkey/index.ts';
export { monkey };

/** Errors: the same classes as in `heddle`. */
export { BlockingCallError, Empty, Full, HeddleError, InvalidStateError, ShutDown, TimeoutError } from '../errors.ts';
