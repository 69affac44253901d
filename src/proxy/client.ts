/**
 * Calls of a manager over shared memory, from one thread. All proxies of one manager in a thread share a queue for replies.
 *
 *   call ──▶ the manager's queue ──▶ … ──▶ this thread's queue ──▶ the promise, or the Sync call that waits
 *
 * A Sync call reads replies itself, and settles those of promises that come before its own. A manager that has died answers no more: a call that waits looks
 * at that some times a second, and fails.
 */

import { Queue } from '../channel/index.ts';
import { captureSite } from '../codec/index.ts';
import { Empty, EOFError, ShutDown } from '../errors.ts';
import { isDead, me } from '../memory/index.ts';
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../real-timers.ts';
import { Calls, nameOfCall, type Outgoing } from './calls.ts';
import { ANSWER, CHECK, ERROR, GONE, HELLO, MANAGER, MARK, type Reply, type Request, RUNNING, UNREADABLE } from './protocol.ts';
import { descriptionOf, numberOf, type Proxied, requestsOf, serverOf, setCaller } from './proxy.ts';

/** Milliseconds after which one that waits looks whether the manager lives. */
const patience = 50;
/** Replies that are taken at a time. */
const mostAtOnce = 1000;
/** Milliseconds between two looks for calls of callbacks, while no call waits: such looks keep no program alive. */
const lookEvery = 20;

export class QueueClient extends Calls {
  readonly #server: number;
  /** Undefined: the manager has ended. */
  #requests: Queue | undefined;
  /** Undefined: it was not called yet, or has ended. */
  #replies: Queue<Reply> | undefined;
  /** Why a message was lost. */
  #unreadable: unknown;
  #isReading = false;
  #look: NodeJS.Timeout | undefined;
  /** While calls wait, and for a moment more. */
  #watch: NodeJS.Timeout | undefined;

  constructor(requests: Queue, server: number) {
    super();
    this.#requests = requests;
    this.#server = server;
  }

  /** The manager is not there any more: nothing of it is kept. */
  #letGo(): void {
    this.#requests = undefined;
    this.#replies = undefined;
    this.callbacks.clear();
    clearTimeout(this.#look);
    this.#look = undefined;
  }

  protected ended(name: string): EOFError {
    this.#letGo();
    return new EOFError(`${name}(): the manager has ended, and answers no more`);
  }

  protected override whyNotSync(): string | undefined {
    return this.#server === me ? 'called in the thread of its manager, which would wait for itself' : undefined;
  }

  protected send({ call, object, method, args }: Outgoing, name: string): void {
    this.#put([me, call, object, method, ...args], name);
  }

  protected sendAnswer(answer: unknown, isOk: boolean, value: unknown): void {
    this.#put([me, 0, MANAGER, ANSWER, answer, isOk, value], 'callback');
  }

  /** @throws EOFError if the manager has ended */
  #put(request: Request, name: string): void {
    const requests = this.#requests;
    if (requests === undefined) throw this.ended(name);
    try {
      if (this.#replies === undefined) {
        const replies = new Queue<Reply>();
        requests.putNowait([me, 0, MANAGER, HELLO, replies]);
        this.#replies = replies;
      }
      requests.putNowait(request);
    } catch (error) {
      throw error instanceof ShutDown ? this.ended(name) : error;
    }
  }

  protected await(): void {
    if (!this.#isReading) void this.#read();
  }

  /** Reads replies as long as calls wait for them. */
  async #read(): Promise<void> {
    this.#isReading = true;
    const replies = this.#replies!;
    this.#watch ??= setInterval(() => this.#lookForEnd(replies), patience).unref();
    try {
      while (this.calls.size > 0) {
        try {
          this.receive(await replies.get());
          // One by one they are cheaper than as a batch.
          for (let left = mostAtOnce; left > 0 && !replies.empty(); left -= 1) this.receive(replies.getNowait());
        } catch (error) {
          if (error instanceof ShutDown) this.failAll();
          else this.#check(error);
        }
      }
    } finally {
      this.#isReading = false;
      this.#lookLater();
    }
  }

  /** Ends the wait for replies of a manager that has died: a time-out of each would cost more than all else of it. */
  #lookForEnd(replies: Queue<Reply>): void {
    if (this.#isReading && !isDead(this.#server, true)) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
    if (this.#isReading) replies.shutdown({ immediate: true });
  }

  /** While no call waits, the manager may call callbacks. */
  #lookLater(): void {
    if (this.#isReading || this.#look !== undefined || this.callbacks.size === 0) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (this.#isReading || this.#replies === undefined) return;
      if (!this.#replies.empty()) this.#takeAll(this.#replies);
      else if (isDead(this.#server, false)) this.#letGo();
      this.#lookLater();
    }, lookEvery).unref();
  }

  #takeAll(from: Queue<Reply>): void {
    try {
      for (const reply of from.getManySync(mostAtOnce, 0)) this.receive(reply);
    } catch (error) {
      if (!(error instanceof Empty)) this.#check(error);
    }
  }

  /** A message was lost: which call that concerns is for the manager to say. */
  #check(error: unknown, isOfManager: boolean = false): void {
    this.#unreadable = error;
    this.#tell(CHECK, [...this.calls.keys(), ...this.blocked.keys()], isOfManager);
  }

  #tell(what: string, ...args: unknown[]): void {
    try {
      this.#put([me, 0, MANAGER, what, ...args], what);
    } catch (ended) {
      // Waiting calls see the end themselves.
      if (!(ended instanceof EOFError)) throw ended;
    }
  }

  protected override receive(reply: Reply): void {
    const [number, kind, value] = reply;
    if (kind === UNREADABLE) this.#check(value, true);
    else if (kind === MARK) this.#tell(RUNNING, number, [...this.answering]);
    else super.receive(kind === GONE ? [number, ERROR, this.#unreadable] : reply);
  }

  protected waitSync(name: string): void {
    if (this.#replies === undefined) throw this.ended(name);
    let next: Reply;
    try {
      next = this.#replies.getSync(patience);
    } catch (error) {
      if (!(error instanceof Empty)) this.#check(error);
      else if (isDead(this.#server, true)) throw this.ended(name);
      return;
    }
    this.receive(next);
  }

  protected unblocked(): void {
    this.#lookLater();
  }
}

const clients = new Map<number, QueueClient>();

/** This thread's client of the manager that is called on a queue. */
export function clientOf(requests: Queue, server: number): QueueClient {
  let client = clients.get(server);
  if (client === undefined) clients.set(server, (client = new QueueClient(requests, server)));
  return client;
}

const clientFor = (proxy: Proxied): QueueClient => clients.get(serverOf(proxy)) ?? clientOf(requestsOf(proxy), serverOf(proxy));

const nameFor = (proxy: Proxied, method: string, args: readonly unknown[]): string => nameOfCall(descriptionOf(proxy).name, method, args);

setCaller({
  call(proxy: Proxied, method, args, above) {
    const client = clientFor(proxy);
    return client.call(numberOf(proxy), method, args, nameFor(proxy, method, args), captureSite(above));
  },
  callSync(proxy: Proxied, method, args, above) {
    const client = clientFor(proxy);
    return client.callSync(numberOf(proxy), method, args, nameFor(proxy, method, args), above);
  },
});
