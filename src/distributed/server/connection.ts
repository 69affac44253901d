/**
 * One connection to the server, which comes back by itself.
 *
 *            ┌────────────────────────── a call, or a hold ──────────────────────────┐
 *   idle ────┴──▶ connecting ──▶ greeted: calls that wait are sent, in their order ──▶ ready
 *    ▲                │ no server, or it loads            lost, or silent                │
 *    └── nothing ◀── waits, 50 ms to 2 s, doubled ◀──────────────────────────────────────┘
 *
 * Calls that were sent and not answered are sent again, in their order, if they are repeatable: scripts are, as each knows by a number or a token whether
 * it was here before. The others are rejected: whether they took effect is not known. After `reconnectTimeout` without a server all calls are rejected.
 *
 * A socket that says nothing while a call waits is given up: its other end may be gone without a word. The process stays alive while calls wait or
 * something holds the connection, and no longer.
 */

import { AuthenticationError, BackendLost, InvalidStateError } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import { clearTimeout, monotonicNow, setTimeout } from '../../real-timers.ts';
import type { Backend } from './backend.ts';
import { loadRedis, type Redis, type RedisArgument } from './redis.ts';

export interface CallOptions {
  /** Texts of the answer are Buffers. */
  readonly isBinary?: boolean;
  /** Sent again when the connection was lost before the answer. */
  readonly isRepeatable?: boolean;
  /** Milliseconds that the server itself may wait before it answers. */
  readonly patience?: number;
}

interface Call extends CallOptions {
  readonly command: string;
  readonly args: readonly RedisArgument[];
  readonly since: number;
  sentAt: number | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A script of the server, in Lua. */
export interface Script {
  readonly text: string;
  readonly hash: string;
}

/** Prepares a new connection, before calls are sent. @throws what refuses the server for good */
export type Greeting = (redis: Redis) => Promise<void>;

const shortestWait = 50;
const longestWait = 2000;
const connectTimeout = 5000;
/** Milliseconds without a sign of the server, while a call waits. */
const silenceTimeout = 5000;
const lookEvery = 1000;
/** A look that comes so late tells that this process was stopped, and nothing of the server. */
const lateBy = 1000;

/** Answers that mean: not this server, or not now. */
const passing = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED)\b/;
const unauthorised = /^(?:NOAUTH|WRONGPASS|ERR invalid password|ERR AUTH)/;

export class Connection {
  readonly #backend: Backend;
  readonly #greet: Greeting;
  readonly #isBackground: boolean;
  /** All that are not answered, in order. */
  readonly #calls = new Set<Call>();
  #redis: Redis | undefined;
  #isReady = false;
  #isConnecting = false;
  #isClosed = false;
  #holds = 0;
  #tries = 0;
  /** When the server went away, or was first looked for. */
  #awaySince: number | undefined;
  #lastError: unknown;
  #wait: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #heardAt = 0;
  #ended: (() => void) | undefined;

  /** @param isBackground it never keeps the process alive */
  constructor(backend: Backend, greet: Greeting, isBackground: boolean = false) {
    this.#backend = backend;
    this.#greet = greet;
    this.#isBackground = isBackground;
  }

  /** False before the first connection, and while the server is away. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Sends a command. @throws BackendLost, AuthenticationError, UnsupportedPlatformError, an error that the server answered */
  call(command: string, args: readonly RedisArgument[], options: CallOptions = {}): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const call: Call = { ...options, command, args, since: monotonicNow(), sentAt: undefined, resolve, reject };
      this.#calls.add(call);
      if (this.#isReady) this.#send(call);
      this.#settle();
    });
  }

  /** Runs a script by its hash, or by its text where the server does not know it. It must do no harm when it runs twice. @throws as `call` */
  async run({ text, hash }: Script, keys: readonly string[], args: readonly RedisArgument[], isBinary: boolean = false): Promise<unknown> {
    const options = { isBinary, isRepeatable: true };
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.call('evalsha', [hash, ...rest], options);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.call('eval', [text, ...rest], options);
    }
  }

  /** Keeps the connection, and the process, until `release`. */
  hold(): void {
    this.#holds += 1;
    this.#settle();
  }

  release(): void {
    this.#holds -= 1;
    this.#settle();
  }

  /** Ends it when the calls that wait are answered, or at once. */
  async close(isImmediate = false): Promise<void> {
    if (this.#isClosed) return;
    if (!isImmediate && this.#isReady)
      await Promise.allSettled([...this.#calls].map((call) => new Promise((resolve) => this.#watchEnd(call, resolve))));
    this.#isClosed = true;
    const error = closedError();
    for (const call of this.#calls) this.#finish(call, () => call.reject(error));
    clearTimeout(this.#wait);
    clearTimeout(this.#look);
    this.#wait = undefined;
    const redis = this.#redis;
    this.#settle();
    if (redis === undefined) return;
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
      redis.stream?.ref();
      redis.disconnect();
    });
  }

  #watchEnd(call: Call, resolve: (value: unknown) => void): void {
    const done = (): void => resolve(undefined);
    const { resolve: answer, reject } = call;
    Object.assign(call, {
      resolve: (value: unknown) => (answer(value), done()),
      reject: (error: unknown) => (reject(error), done()),
    });
  }

  #send(call: Call): void {
    const redis = this.#redis!;
    call.sentAt = monotonicNow();
    const { command, args } = call;
    const answer = call.isBinary === true ? redis.callBuffer(command, args) : redis.call(command, args);
    answer.then(
      (value) => {
        if (this.#redis !== redis) return;
        this.#heardAt = monotonicNow();
        this.#finish(call, () => call.resolve(value));
      },
      (error: unknown) => {
        // All that is not an answer means that the connection has ended: 'end' comes next, and finds the call.
        if (this.#redis !== redis || !isAnswer(error)) return;
        this.#heardAt = monotonicNow();
        if (passing.test(error.message)) {
          call.sentAt = undefined;
          this.#lastError = error;
          this.#drop(redis);
        } else this.#finish(call, () => call.reject(error));
      },
    );
  }

  #finish(call: Call, end: () => void): void {
    if (!this.#calls.delete(call)) return;
    end();
    this.#settle();
  }

  get #isWanted(): boolean {
    return !this.#isClosed && (this.#calls.size > 0 || this.#holds > 0);
  }

  /** After each change: what is wanted is begun, and the process is kept alive or let go. */
  #settle(): void {
    const isWanted = this.#isWanted;
    if (isWanted && this.#redis === undefined && !this.#isConnecting && this.#wait === undefined) this.#connect();
    const stream = this.#redis?.stream;
    const timer = this.#wait;
    if (isWanted && this.#look === undefined) this.#watch();
    if (isWanted && !this.#isBackground) {
      stream?.ref();
      timer?.ref();
    } else if (isWanted) {
      if (this.#isReady) stream?.unref();
      timer?.unref();
    } else {
      if (this.#isReady && !this.#isClosed) stream?.unref();
      timer?.unref();
    }
  }

  /** Looks now and then whether the server still says something. */
  #watch(): void {
    this.#lookedAt = monotonicNow();
    this.#look = setTimeout(() => {
      const isLate = monotonicNow() - this.#lookedAt > lookEvery + lateBy;
      this.#look = undefined;
      if (!this.#isWanted) return;
      this.#watch();
      if (!isLate) this.#lookAfter();
    }, lookEvery);
    this.#look.unref();
  }

  #lookAfter(): void {
    const redis = this.#redis;
    const now = monotonicNow();
    if (!this.#isReady || redis === undefined) return this.#giveUp(now);
    const [first] = this.#calls;
    if (first?.sentAt === undefined) {
      // A held connection that only listens: a call tells whether the server is there.
      if (this.#holds > 0 && now - this.#heardAt > silenceTimeout / 2) void this.call('ping', [], { isRepeatable: true }).catch(ignoreLoss);
      return;
    }
    if (now - Math.max(first.sentAt, this.#heardAt) > silenceTimeout + (first.patience ?? 0)) {
      this.#lastError = new Error(`the server has said nothing for ${silenceTimeout} ms`);
      this.#drop(redis);
    }
  }

  #connect(): void {
    this.#isConnecting = true;
    this.#awaySince ??= monotonicNow();
    // The connection belongs to no task: what it does must not go on in the context of the first caller.
    withoutContext(() => {
      this.#open().then(
        () => {
          this.#isConnecting = false;
          this.#settle();
        },
        (error: unknown) => {
          this.#isConnecting = false;
          this.#failed(error);
        },
      );
    });
  }

  async #open(): Promise<void> {
    const Redis = await loadRedis();
    if (this.#isClosed) return;
    const { host, port, path, username, password, db, tls, reconnectTimeout } = this.#backend;
    const redis = new Redis({
      ...(path === undefined ? { host, port } : { path }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      db,
      protocol: 2,
      lazyConnect: true,
      disableClientInfo: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      connectTimeout: Math.min(connectTimeout, reconnectTimeout),
      retryStrategy: () => null,
    });
    this.#redis = redis;
    let failure: Error | undefined;
    redis.on('error', (error: Error) => {
      failure = error;
    });
    redis.on('end', () => this.#onEnd(redis, failure));
    try {
      await redis.connect();
      await this.#greet(redis);
    } catch (error) {
      this.#drop(redis);
      throw failure ?? error;
    }
    if (this.#redis !== redis) throw new Error('the connection has ended', { cause: failure });
    this.#isReady = true;
    this.#tries = 0;
    this.#awaySince = undefined;
    this.#heardAt = monotonicNow();
    if (this.#isBackground) redis.stream?.unref();
    for (const call of this.#calls) this.#send(call);
  }

  #onEnd(redis: Redis, failure: Error | undefined): void {
    if (this.#redis !== redis) return;
    this.#lastError = failure ?? this.#lastError;
    this.#forget();
  }

  /** Ends a connection that is of no use, without waiting for its other end. */
  #drop(redis: Redis): void {
    if (this.#redis === redis) this.#forget();
    redis.disconnect();
    redis.stream?.destroy();
  }

  /** There is no connection any more. */
  #forget(): void {
    this.#redis = undefined;
    if (this.#isReady) this.#awaySince = monotonicNow();
    this.#isReady = false;
    for (const call of this.#calls) {
      if (call.sentAt === undefined || this.#isClosed) continue;
      call.sentAt = undefined;
      if (call.isRepeatable !== true)
        this.#finish(call, () => call.reject(this.#lostError('the call was sent, and whether it took effect is not known')));
    }
    this.#ended?.();
    if (!this.#isConnecting) this.#retry();
  }

  #retry(): void {
    if (!this.#isWanted) return this.#settle();
    const wait = Math.min(longestWait, shortestWait * 2 ** this.#tries) * (0.5 + Math.random() / 2);
    this.#tries += 1;
    this.#wait = setTimeout(() => {
      this.#wait = undefined;
      this.#settle();
    }, wait);
    this.#settle();
  }

  #failed(error: unknown): void {
    this.#lastError = error;
    const refusal = this.#isClosed ? undefined : this.#refusalOf(error);
    if (refusal === undefined) this.#giveUp(monotonicNow());
    else for (const call of this.#calls) this.#finish(call, () => call.reject(refusal));
    this.#retry();
  }

  /** The error for calls, where another try would be of no use. */
  #refusalOf(error: unknown): unknown {
    if (!(error instanceof Error)) return undefined;
    if (unauthorised.test(error.message))
      return new AuthenticationError(`${this.#backend.address} refuses the user or the password of the URL: ${error.message}`, {
        cause: error,
      });
    if (error.message.startsWith('NOPERM'))
      return new AuthenticationError(`${this.#backend.address} does not permit its user what heddle needs: ${error.message}`, {
        cause: error,
      });
    return isForGood(error) ? error : undefined;
  }

  /** Rejects what has waited for too long for a server. */
  #giveUp(now: number): void {
    const since = this.#awaySince;
    if (since === undefined) return;
    for (const call of this.#calls) {
      if (now - Math.max(since, call.since) < this.#backend.reconnectTimeout) continue;
      this.#finish(call, () => call.reject(this.#lostError('')));
    }
  }

  #lostError(effect: string): BackendLost {
    const cause = this.#lastError;
    const why = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
    const { address, reconnectTimeout } = this.#backend;
    const what =
      effect === ''
        ? `cannot be reached for ${reconnectTimeout} ms${why}; whether earlier calls took effect is not known`
        : `was lost${why}; ${effect}`;
    return new BackendLost(`the server ${address} ${what}`, { cause });
  }
}

const closedError = (): InvalidStateError => new InvalidStateError('the connection to the server is closed: this handle was closed');

/** A ping has no other purpose than to find a lost connection. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof BackendLost) && !(error instanceof InvalidStateError)) process.emitWarning(error as Error);
}

/** An error that the server sent, and not one of the connection. */
const isAnswer = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

const forGood = new WeakSet<object>();

/** Marks an error of a greeting: trying again is of no use. */
export function isRefusal<E extends Error>(error: E): E {
  forGood.add(error);
  return error;
}

const isForGood = (error: Error): boolean => forGood.has(error) || (error as { code?: unknown }).code === 'ERR_HEDDLE_UNSUPPORTED_PLATFORM';
