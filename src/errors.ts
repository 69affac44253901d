/**
 * The errors of heddle: one class each, with a stable `code`. Its `instanceof` also holds for copies of heddle and for errors that crossed
 * a thread or a process.
 *
 * The brand is a registered symbol (`Symbol.for`), so it is the same everywhere; the idea is undici's `core/errors.js`.
 */

import { limitOfFrames, nestedFrames, showCaller } from './stack-frames.ts';

const brandOf = (code: string): symbol => Symbol.for(`heddle.error.${code}`);

/** The root of heddle's own errors. */
export class HeddleError extends Error {
  /** The code of all errors of this class. */
  static readonly code: string = 'ERR_HEDDLE';

  constructor(message?: string, options?: { cause?: unknown }) {
    // As `callerFirst` does, which cannot be told to call `super`.
    const limit = Object.hasOwn(new.target.prototype, 'code') ? undefined : limitOfFrames();
    if (limit !== undefined) Error.stackTraceLimit = 0;
    try {
      super(message, options);
    } finally {
      if (limit !== undefined) Error.stackTraceLimit = limit;
    }
    if (!Object.hasOwn(new.target.prototype, 'code')) brand(this, new.target);
    if (limit !== undefined) showCaller(this, limit, new.target.code === SerializationError.code ? nestedFrames : undefined);
  }

  /** Which kind of error it is: stable between versions, while `message` is for people. */
  declare readonly code: string;

  /** `instanceof` holds for an error of another copy of heddle, or from another thread or process, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    // A user's subclass has no code of its own: there only the prototype chain can tell.
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value);
    return (value as Record<symbol, unknown>)[brandOf(this.code)] === true;
  }
}

/** A class of errors, however it is constructed. */
interface ErrorClass {
  readonly name: string;
  readonly code: string;
  readonly prototype: HeddleError;
}

function brand(target: object, Class: ErrorClass): void {
  define(target, 'name', Class.name);
  define(target, 'code', Class.code);
  for (let at: ErrorClass = Class; typeof at.code === 'string'; at = Object.getPrototypeOf(at)) define(target, brandOf(at.code), true);
}

/** Moves the constant properties of a class of errors to its prototype, for errors that are made by the thousand. */
export function brandClass(Class: ErrorClass): void {
  brand(Class.prototype, Class);
}

const define = (target: object, key: PropertyKey, value: unknown): void => {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
};

/** A wait took longer than its `timeout`. */
export class TimeoutError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_TIMEOUT`. */
  static override readonly code: string = 'ERR_HEDDLE_TIMEOUT';
}

/** A pool's queue is at its `queueLimit`, or a queue at its `maxSize`. */
export class Full extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_FULL`. */
  static override readonly code: string = 'ERR_HEDDLE_FULL';
}

/** Nothing is in the queue, and the wait for it is over. */
export class Empty extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_EMPTY`. */
  static override readonly code: string = 'ERR_HEDDLE_EMPTY';
}

/** The other end of a pipe is closed, or has no owner any more, and nothing is left to receive. */
export class EOFError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_EOF`. */
  static override readonly code: string = 'ERR_HEDDLE_EOF';
}

/** A message is longer than the room that there is for it. */
export class BufferTooShort extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_BUFFER_TOO_SHORT`. */
  static override readonly code: string = 'ERR_HEDDLE_BUFFER_TOO_SHORT';
  /** The whole message, where it was consumed (`recvBytesInto`); `undefined`: it is still there (`recvBytes`). */
  readonly bytes: Uint8Array | undefined;

  constructor(message: string, bytes?: Uint8Array) {
    super(message);
    this.bytes = bytes;
  }
}

/** The pool or queue was shut down: it takes nothing new. */
export class ShutDown extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_SHUT_DOWN`. */
  static override readonly code: string = 'ERR_HEDDLE_SHUT_DOWN';
}

/** The future was cancelled before it had a result. `cause` is the reason, if one was given. */
export class CancelledError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_CANCELLED`. */
  static override readonly code: string = 'ERR_HEDDLE_CANCELLED';
}

/** The operation does not fit the state the object is in, such as a second result for one future. */
export class InvalidStateError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_INVALID_STATE`. */
  static override readonly code: string = 'ERR_HEDDLE_INVALID_STATE';
}

/** Thrown instead of a call that blocks the thread of a greenlet, under `monkey.patchAll({ onBlock: 'throw' })`. The call was not made. */
export class BlockingCallError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_BLOCKING`. */
  static override readonly code: string = 'ERR_HEDDLE_BLOCKING';
}

/** How a worker ended, as far as the system tells. */
export interface WorkerEnd {
  /** `thread` or `process`. */
  readonly kind: 'thread' | 'process';
  /** Process id of the worker; a thread's is the id of the process it lived in. */
  readonly pid: number | null;
  /** Thread id of a thread worker (`worker_threads.threadId`). */
  readonly threadId: number | null;
  /** The exit code; `null` after a signal. */
  readonly exitCode: number | null;
  /** The signal that ended a process; otherwise `null`. */
  readonly signal: string | null;
  /** The uncaught error that ended the worker, where there was one. */
  readonly error: unknown;
}

/** The worker that ran the task ended before the task did. The pool goes on with another worker. */
export class WorkerLost extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_WORKER_LOST`. */
  static override readonly code: string = 'ERR_HEDDLE_WORKER_LOST';
  /** The process id; `null` for a thread. */
  readonly pid: number | null;
  /** The thread id; `null` for a process. */
  readonly threadId: number | null;
  /** The exit code; `null` after a signal. */
  readonly exitCode: number | null;
  /** The signal that ended a process; otherwise `null`. */
  readonly signal: string | null;
  /** The name of the function the worker was running, `(anonymous)` if it has none. */
  readonly task: string | null;

  constructor(message: string, end?: WorkerEnd, task?: string) {
    super(message, end?.error === undefined || end.error === null ? undefined : { cause: end.error });
    this.pid = end?.pid ?? null;
    this.threadId = end?.threadId ?? null;
    this.exitCode = end?.exitCode ?? null;
    this.signal = end?.signal ?? null;
    this.task = task ?? null;
  }
}

/** The executor cannot start workers; `cause` is the error of the last try. */
export class BrokenExecutor extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_BROKEN_EXECUTOR`. */
  static override readonly code: string = 'ERR_HEDDLE_BROKEN_EXECUTOR';
}

/** A process pool that cannot start its workers. */
export class BrokenProcessPool extends BrokenExecutor {
  /** The stable code of this class: `ERR_HEDDLE_BROKEN_PROCESS_POOL`. */
  static override readonly code: string = 'ERR_HEDDLE_BROKEN_PROCESS_POOL';
}

/** A thread pool that cannot start its workers. */
export class BrokenThreadPool extends BrokenExecutor {
  /** The stable code of this class: `ERR_HEDDLE_BROKEN_THREAD_POOL`. */
  static override readonly code: string = 'ERR_HEDDLE_BROKEN_THREAD_POOL';
}

/**
 * A value cannot cross to another thread or process. The message holds the path to it,
 * such as `args[0].rows[3].handle: a Socket cannot cross`.
 */
export class SerializationError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_SERIALIZATION`. */
  static override readonly code: string = 'ERR_HEDDLE_SERIALIZATION';
}

/** This platform, or this Node, lacks what the operation needs; the message names it. */
export class UnsupportedPlatformError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_UNSUPPORTED_PLATFORM`. */
  static override readonly code: string = 'ERR_HEDDLE_UNSUPPORTED_PLATFORM';
}

/** The other end of a connection has not proved that it knows the key. */
export class AuthenticationError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_AUTHENTICATION`. */
  static override readonly code: string = 'ERR_HEDDLE_AUTHENTICATION';
}

/**
 * The server of a distributed object cannot be reached, or was lost before it answered. The message says whether the call may have taken effect.
 */
export class BackendLost extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_BACKEND_LOST`. */
  static override readonly code: string = 'ERR_HEDDLE_BACKEND_LOST';
}

/** A lease has ended before its holder was done: it was not renewed in time, or the server has lost it. Another holder may have what it was for. */
export class LeaseLost extends InvalidStateError {
  /** The stable code of this class: `ERR_HEDDLE_LEASE_LOST`. */
  static override readonly code: string = 'ERR_HEDDLE_LEASE_LOST';
}

/** A process or thread is used in a way that its state does not allow, such as a second `start()`. */
export class ProcessError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_PROCESS`. */
  static override readonly code: string = 'ERR_HEDDLE_PROCESS';
}

/** A thread, as others know it. */
export interface ThreadInfo {
  /** The process id. */
  readonly pid: number;
  /** Node's number of the thread (`worker_threads.threadId`); 0 is the main thread of its process. */
  readonly thread: number;
  /** `MainProcess` for the main program, else the name of its worker. */
  readonly name: string;
}

/** The previous owner of the lock has died. The caller owns the lock now: check what it guards, which may be half changed. */
export class OwnerDied extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_OWNER_DIED`. */
  static override readonly code: string = 'ERR_HEDDLE_OWNER_DIED';
  /** The dead owner. */
  readonly owner: ThreadInfo;

  constructor(message: string, owner: ThreadInfo) {
    super(message);
    this.owner = owner;
  }
}

/** The barrier was reset or aborted, one of its parties did not come in time, has died, or its action failed. */
export class BrokenBarrierError extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_BROKEN_BARRIER`. */
  static override readonly code: string = 'ERR_HEDDLE_BROKEN_BARRIER';
}

/** The message of an error; of another value that was thrown its text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says in an error how many items had gone before it. */
export function withCount<E>(error: E, count: number): E {
  if (typeof error === 'object' && error !== null && Object.isExtensible(error))
    Object.defineProperty(error, 'count', { value: count, configurable: true, writable: true, enumerable: true });
  return error;
}
