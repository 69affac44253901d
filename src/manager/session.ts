/**
 * The thread in whose name a connection has locks, and takes items from queues. The thread ends with the connection, and so releases its
 * locks and items as any ending thread does.
 *
 *   call of a connection ──▶ requests ──▶ this thread calls the object ──▶ replies ──▶ the manager's thread ──▶ the connection
 */

import { Queue } from '../channel/index.ts';
import { travelByName } from '../codec/index.ts';
import { EOFError, InvalidStateError, ShutDown } from '../errors.ts';
import { DROP, GET, HOLD, PIPELINE, recordedCalls, SET, signalOfCall } from '../proxy/index.ts';
import { TypeError } from '../refusals.ts';
import { Thread } from '../thread/index.ts';
import { describeShared } from './shared-types.ts';

type Request = readonly [call: number, object: object | undefined, method: string, ...args: unknown[]];
type Reply = readonly [call: number, isOk: boolean, value: unknown];

const mostAtOnce = 1000;

/** The main function of the thread. */
export async function serveSession(requests: Queue<Request>, replies: Queue<Reply>): Promise<void> {
  const calls = new SessionCalls();
  for (;;) {
    let batch: Request[];
    try {
      batch = await requests.getMany(mostAtOnce);
    } catch (error) {
      if (error instanceof ShutDown) return;
      throw error;
    }
    for (const [call, object, ...rest] of batch) {
      if (object === undefined) calls.abort(call);
      else void answer(calls, [call, object, ...rest], replies);
    }
  }
}

async function answer(calls: SessionCalls, [call, object, method, ...args]: Request, replies: Queue<Reply>): Promise<void> {
  let reply: Reply;
  try {
    reply = [call, true, await calls.makeAbortable(call, object as Callable, method, args)];
  } catch (error) {
    reply = [call, false, error];
  }
  try {
    replies.putNowait(reply);
  } catch (error) {
    replies.putNowait([call, false, error]);
  }
}

travelByName(serveSession, 'manager/index.js');

type Callable = Record<string, (...args: unknown[]) => unknown>;

class SessionCalls {
  /** The guards of `hold`. */
  readonly #guards: Map<number, Disposable> = new Map();
  /** Of calls that came with a signal. */
  readonly #controllers: Map<number, AbortController> = new Map();
  #last = 0;

  async makeAbortable(call: number, object: Callable, method: string, args: unknown[]): Promise<unknown> {
    const options = args.at(-1) as { readonly signal?: unknown } | null | undefined;
    if (typeof options !== 'object' || options?.signal !== signalOfCall) return await this.make(object, method, args);
    const controller = new AbortController();
    this.#controllers.set(call, controller);
    try {
      return await this.make(object, method, [...args.slice(0, -1), { ...options, signal: controller.signal }]);
    } finally {
      this.#controllers.delete(call);
    }
  }

  abort(call: number): void {
    this.#controllers.get(call)?.abort();
  }

  make(object: Callable, method: string, args: unknown[]): unknown {
    switch (method) {
      case GET:
        return object[args[0] as string];
      case SET:
        (object as Record<string, unknown>)[args[0] as string] = args[1];
        return undefined;
      case HOLD:
        return this.#hold(object, args);
      case DROP:
        return this.#drop(args[0] as number);
      case PIPELINE:
        return this.#pipeline(object, args);
      default:
        return object[method]!(...args);
    }
  }

  async #hold(object: Callable, args: unknown[]): Promise<number> {
    const guard = (await object['hold']!(...args)) as Disposable;
    this.#guards.set((this.#last += 1), guard);
    return this.#last;
  }

  #drop(number: number): void {
    const guard = this.#guards.get(number);
    if (guard === undefined) throw new InvalidStateError('what was held is given back already');
    this.#guards.delete(number);
    guard[Symbol.dispose]();
  }

  async #pipeline(object: Callable, args: unknown[]): Promise<unknown[]> {
    const results: unknown[] = [];
    const { methods } = describeShared(object)!;
    for (const [method, of] of recordedCalls(...(args as Parameters<typeof recordedCalls>))) {
      if (!methods.includes(method)) throw new TypeError(`${object.constructor.name} exposes no '${method}'`);
      results.push(await this.make(object, method, of));
    }
    return results;
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The manager's end of it. */
export class Session {
  readonly #thread: Thread<any>;
  readonly #requests: Queue<Request> = new Queue<Request>();
  readonly #replies: Queue<Reply> = new Queue<Reply>();
  readonly #waiting: Map<number, Waiting> = new Map();
  #isReading = false;
  #isOver = false;

  /** @param name of the connection, for `lock.owner` */
  constructor(name: string) {
    this.#thread = new Thread({ target: serveSession, args: [this.#requests, this.#replies] as never, name, daemon: true }).start();
    void this.#thread.join().then(() => this.#ended());
  }

  /** @param call its number at the connection */
  call(call: number, object: object, method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) throw new EOFError('the thread of this connection has ended');
      this.#requests.putNowait([call, object, method, ...args]);
      this.#waiting.set(call, { resolve, reject });
      if (!this.#isReading) void this.#read();
    });
  }

  /** Ends the wait of a call that came with a signal. */
  abort(call: number): void {
    if (this.#waiting.has(call)) this.#requests.putNowait([call, undefined, '']);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#waiting.size > 0) for (const reply of await this.#replies.getMany(mostAtOnce)) this.#settle(reply);
    } catch (error) {
      if (!(error instanceof ShutDown)) throw error;
    } finally {
      this.#isReading = false;
    }
  }

  #settle([call, isOk, value]: Reply): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (isOk) waiting?.resolve(value);
    else waiting?.reject(value);
  }

  #ended(): void {
    this.#isOver = true;
    this.#replies.shutdown({ immediate: true });
    for (const { reject } of this.#waiting.values()) reject(new EOFError('the thread of this connection has ended'));
    this.#waiting.clear();
  }

  /** Ends the thread, at once: what it held is as what a thread held that was killed. */
  end(): Promise<void> {
    return this.#thread.terminate();
  }
}
