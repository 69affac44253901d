/**
 * The caller's link: puts tasks into the queue, hears of their ends, and judges which workers are alive.
 *
 *   RemotePool ── send ──▶ BullMQ's queue of this release ──▶ a worker
 *       ▲                                                        │
 *       └── Mailbox ◀── replies:CALLER ◀──────────────────────────┘
 *
 * Once a second the caller says that it is alive, and looks at the workers: the tasks of one that is not heard of for its `lockDuration` are lost. Now and
 * then it asks where each task is: what waits nowhere goes into the queue again, and what a worker had and has no more is lost. So whatever happens to the
 * server, each task comes to an end.
 */

import { randomUUID } from 'node:crypto';
import type { Packet } from '../../codec/index.ts';
import { AuthenticationError, BackendLost, BrokenExecutor, HeddleError, SerializationError, messageOf } from '../../errors.ts';
import type { Arrived, RemoteEvents, RemoteLink, RemoteTask, RemoteWorker } from '../../pool/index.ts';
import { clearInterval, nextTick, setInterval, setTimeout } from '../../real-timers.ts';
import type { Backend } from '../server/backend.ts';
import { type BullQueue, connectionFor, loadBull } from '../server/bull.ts';
import { together } from './bundles.ts';
import { checkServer } from '../server/client.ts';
import { Connection, type Script } from '../server/connection.ts';
import { Seal } from '../server/envelope.ts';
import { Keys, purposes } from '../server/keys.ts';
import { type DistributedStore, largeFrom, LargeValues } from '../server/large.ts';
import { Mailbox } from './mailbox.ts';
import type { CallHead, Home, ReplyHead, TaskHead } from './messages.ts';
import type { Redis } from '../server/redis.ts';
import { arrivalFrom, type Release } from './release.ts';
import { auditScript, beatScript, cancelScript, leaveScript, lostScript } from './task-scripts.ts';
import { type JoinedWorker, WorkerWatch } from './worker-watch.ts';

export interface LinkOptions {
  readonly backend: Backend;
  readonly queue: string;
  readonly release: Release;
  readonly authkey: Uint8Array | undefined;
  readonly allowFunctions: boolean;
  readonly store: DistributedStore | undefined;
  /** Milliseconds without a sign of this caller after which its waiting tasks are removed. */
  readonly callerTimeout: number;
}

const beatEvery = 1000;
/** Beats between two looks for each task. */
const auditEvery = 3;
const auditMost = 5000;
/** Replies, marks and claims are kept this much longer than the caller is thought alive. */
const keepFactor = 30;
/** Jobs that are added at once. */
const bulk = 500;
/** Calls of less than `quick` milliseconds travel together, up to `mostTogether` of them, and that many are at the server at a time. */
const quick = 2;
const mostTogether = 64;
const windowQuick = 4096;
const windowUnknown = 256;
/** Priorities of BullMQ: 1 to 2^21, in this order. What has none, which is 0 there, would come before all that have one. */
const middle = 2 ** 20;

interface Sent {
  readonly task: RemoteTask;
  /** `held`: there is no room for it at the server. */
  state: 'held' | 'sent';
  /** The number of the first task of its job. */
  job: number;
  /** The key of its message, if that is large. */
  large: string | undefined;
  /** The worker that has begun it. */
  worker: string | undefined;
  /** Looks in a row in which it was found nowhere, or over. */
  odd: number;
}

/** Connects to the server. @throws what keeps it from being used */
export async function openLink(options: LinkOptions, events: RemoteEvents): Promise<RemoteLink> {
  const link = new CallerLink(options, events);
  try {
    await link.open();
  } catch (error) {
    await link.close();
    throw error;
  }
  return link;
}

class CallerLink implements RemoteLink {
  readonly counts: { refused: number; duplicates: number } = { refused: 0, duplicates: 0 };
  workers: readonly RemoteWorker[] = [];
  readonly #options: LinkOptions;
  readonly #events: RemoteEvents;
  readonly #id: string = randomUUID();
  readonly #keys: Keys;
  readonly #seal: Seal;
  readonly #commands: Connection;
  readonly #waiting: Connection;
  readonly #large: LargeValues;
  readonly #watch = new WorkerWatch();
  readonly #sent = new Map<number, Sent>();
  /** Tasks that wait here, and how many are at the server or with workers. */
  readonly #held: RemoteTask[] = [];
  #underWay = 0;
  #isPumping = false;
  /** Of a call, on the average of the last ones; undefined: none has ended. */
  #meanMs: number | undefined;
  readonly #queueName: string;
  #queue: BullQueue | undefined;
  #bullRedis: Redis | undefined;
  #mailbox: Mailbox | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;
  #beats = 0;
  #isClosed = false;
  /** Ids of workers whose loss was told. */
  readonly #lost = new Set<string>();
  /** Large replies are fetched one after another, and what follows one waits for it. */
  #receiving: Promise<void> | undefined;

  constructor(options: LinkOptions, events: RemoteEvents) {
    this.#options = options;
    this.#events = events;
    const { backend, queue, release, authkey, store } = options;
    this.#keys = new Keys(backend.prefix, queue);
    this.#queueName = release.name;
    this.#seal = new Seal(authkey);
    this.#commands = new Connection(backend, (redis) => checkServer(redis, backend.address), true);
    this.#waiting = new Connection(backend, async () => {}, true);
    this.#large = new LargeValues(this.#commands, this.#keys, store);
  }

  async open(): Promise<void> {
    const { Queue } = await loadBull();
    await this.#beat();
    const { backend } = this.#options;
    this.#bullRedis = await connectionFor(backend, () => {});
    this.#queue = new Queue(this.#queueName, {
      connection: this.#bullRedis,
      prefix: this.#keys.jobs,
      skipMetasUpdate: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    // The connection comes back by itself; a server that stays away is noticed by the heartbeat.
    this.#queue.on('error', () => {});
    this.#timer = setInterval(() => void this.#beat(), beatEvery).unref();
    this.#mailbox = new Mailbox({
      connection: this.#waiting,
      list: this.#keys.replies(this.#id),
      keepFor: this.#options.callerTimeout * keepFactor,
      receive: (message) => this.#receive(message),
      failed: (error) => this.#failed(error),
    });
  }

  keepAlive(): void {
    // The pool does; nothing of the link keeps the process alive.
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#mailbox?.close();
    if (this.#mailbox !== undefined && this.#commands.isReady) await this.#run(leaveScript, [this.#id]).catch(ignore);
    await this.#waiting.close(true);
    await this.#queue?.close().catch(ignore);
    this.#bullRedis?.disconnect();
    await this.#commands.close(true);
  }

  #run(script: Script, args: readonly (string | number)[], keys: readonly string[] = []): Promise<unknown> {
    return this.#commands.run(script, [this.#keys.base, ...keys], args);
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#events.broken(error);
  }

  // ---- tasks on their way

  send(tasks: readonly RemoteTask[]): void {
    const direct = tasks.filter(({ worker }) => worker !== undefined);
    for (const task of tasks)
      this.#sent.set(task.number, { task, state: 'held', job: task.number, large: undefined, worker: undefined, odd: 0 });
    for (const task of tasks) if (task.worker === undefined) this.#hold(task);
    this.#pump();
    if (direct.length > 0) this.#sendDirect(direct).catch((error: unknown) => this.#failed(error));
  }

  /** Holds a task: a higher priority comes first, then the order of arrival. */
  #hold(task: RemoteTask): void {
    let at = this.#held.length;
    while (at > 0 && this.#held[at - 1]!.priority < task.priority) at--;
    if (at === this.#held.length) this.#held.push(task);
    else this.#held.splice(at, 0, task);
  }

  /** Tasks at the server at a time: all, unless they are short, or it is not known how long they are. */
  get #window(): number {
    if (this.#meanMs === undefined) return windowUnknown;
    return this.#meanMs < quick ? windowQuick : Infinity;
  }

  /** Calls that go together: what takes a millisecond, as long as each slot has some. */
  get #bundle(): number {
    if (this.#meanMs === undefined || this.#meanMs >= quick) return 1;
    const slots = Math.max(
      1,
      this.workers.reduce((sum, worker) => sum + worker.slots, 0),
    );
    const share = Math.ceil((this.#held.length + this.#underWay) / (4 * slots));
    return Math.max(1, Math.min(mostTogether, Math.floor(1 / Math.max(this.#meanMs, 0.001)), share));
  }

  /** Sends what is held, as far as there is room. */
  #pump(): void {
    while (this.#held.length > 0 && this.#underWay < this.#window) {
      const most = Math.min(bulk, this.#window - this.#underWay);
      const next = this.#held.splice(0, most).filter(({ number }) => this.#sent.has(number));
      this.#underWay += next.length;
      for (const { number } of next) this.#sent.get(number)!.state = 'sent';
      if (next.length > 0) this.#add(together(next, this.#bundle)).catch((error: unknown) => this.#failed(error));
    }
  }

  async #add(bundles: readonly (readonly RemoteTask[])[]): Promise<void> {
    const jobs: { name: string; data: unknown; opts: object }[] = [];
    for (const bundle of bundles) {
      const [first] = bundle as readonly [RemoteTask];
      for (const { number } of bundle) {
        const sent = this.#sent.get(number);
        if (sent !== undefined) sent.job = first.number;
      }
      const data = await this.#payload(first, this.#messageOfAll(bundle));
      if (data === undefined) continue;
      jobs.push({ name: 'task', data, opts: { jobId: jobIdOf(this.#id, first.number), priority: priorityOf(first.priority) } });
    }
    if (jobs.length === 0) return;
    while (!this.#isClosed) {
      try {
        await this.#queue!.addBulk(jobs);
        return;
      } catch (error) {
        // The connection was lost. A job that has come there is not added a second time: it has a number.
        if (!isPassing(error)) throw error;
        await new Promise<void>((resolve) => void setTimeout(resolve, beatEvery / 4).unref());
      }
    }
  }

  #messageOfAll(bundle: readonly RemoteTask[]): Buffer {
    const [first] = bundle as readonly [RemoteTask];
    if (bundle.length === 1) return this.#messageOf(first, {});
    const calls = bundle.map(({ number, id, attempt }) => [number, id, attempt] as const);
    return this.#messageOf(first, { kind: 'calls', calls }, [first.fn.bytes, ...bundle.map(({ args }) => args.bytes)]);
  }

  /** The message as text. Undefined: it could not be put aside, and the task was told so; or it is not wanted any more. */
  async #payload({ number }: RemoteTask, message: Buffer): Promise<string | undefined> {
    if (message.length <= largeFrom) return message.toString('base64');
    try {
      const { pointer, key } = await this.#large.put(message);
      const sent = this.#sent.get(number);
      if (sent === undefined) {
        await this.#large.delete(key);
        return undefined;
      }
      sent.large = key;
      return pointer.toString('base64');
    } catch (error) {
      this.#forget(number);
      this.#events.refused(number, error);
      return undefined;
    }
  }

  #messageOf(task: RemoteTask, more: Partial<TaskHead>, bytes?: readonly Uint8Array[]): Buffer {
    const { number, kind, id, name, attempt, fn, args, items, timeout, priority, initializer, tellsProgress } = task;
    const head: TaskHead = {
      kind,
      caller: this.#id,
      number,
      id,
      name,
      attempt,
      release: this.#options.release.name,
      home: this.#options.release.home,
      ...(fn.modules.length === 0 ? {} : { fnModules: fn.modules }),
      ...(args.modules.length === 0 ? {} : { argsModules: args.modules }),
      ...(initializer === undefined ? {} : { initModules: [initializer.fn.modules, initializer.args.modules] }),
      ...(timeout === Infinity ? {} : { timeout }),
      ...(priority === 0 ? {} : { priority }),
      ...(items === undefined ? {} : { items }),
      ...(tellsProgress ? { tellsProgress } : {}),
      ...more,
    };
    const parts = bytes ?? [fn.bytes, args.bytes, ...(initializer === undefined ? [] : [initializer.fn.bytes, initializer.args.bytes])];
    return this.#seal.close(purposes.task(this.#keys.base), head, parts);
  }

  /** Tasks of a broadcast go to their workers' inboxes: one message for all slots of a worker. */
  async #sendDirect(tasks: readonly RemoteTask[]): Promise<void> {
    // Tasks of one broadcast have one packet.
    const broadcasts = new Map<Packet, Map<string, RemoteTask[]>>();
    for (const task of tasks) {
      const byWorker = broadcasts.get(task.args) ?? new Map<string, RemoteTask[]>();
      broadcasts.set(task.args, byWorker.set(task.worker!, [...(byWorker.get(task.worker!) ?? []), task]));
    }
    for (const [worker, all] of [...broadcasts.values()].flatMap((byWorker) => Array.from(byWorker))) {
      const [first] = all as [RemoteTask];
      const message = this.#messageOf(first, { kind: 'broadcast', numbers: all.map(({ number }) => number) });
      const large = message.length > largeFrom ? await this.#large.put(message) : undefined;
      await this.#commands.call('rpush', [this.#keys.inbox(worker), large?.pointer ?? message], { isRepeatable: true });
    }
  }

  cancel(number: number, reason: Packet | undefined): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    const { state, job } = sent;
    this.#forget(number);
    // A task that is held here is passed over when its turn comes.
    if (state === 'sent' || sent.task.worker !== undefined) this.#cancel(number, job === number, reason).catch(ignore);
  }

  /** @param isJob its job has its number: there may be others in it */
  async #cancel(number: number, isJob: boolean, reason: Packet | undefined): Promise<void> {
    const found = (await this.#run(cancelScript, [this.#id, number])) as string;
    if (found === 'over') return;
    if (found === 'waiting') {
      const isAlone = isJob && ![...this.#sent.values()].some(({ job }) => job === number);
      if (isAlone) await this.#queue?.remove(jobIdOf(this.#id, number));
      return;
    }
    const head: CallHead = {
      kind: 'abort',
      caller: this.#id,
      number,
      home: this.#options.release.home,
      ...(reason === undefined || reason.modules.length === 0 ? {} : { modules: reason.modules }),
    };
    await this.#tell(found, head, reason === undefined ? [] : [reason.bytes]);
  }

  taken(number: number, total: number): void {
    const worker = this.#sent.get(number)?.worker;
    if (worker === undefined) return;
    this.#tell(worker, { kind: 'taken', caller: this.#id, number, total }, []).catch(ignore);
  }

  async #tell(worker: string, head: CallHead, parts: readonly Uint8Array[]): Promise<void> {
    const message = this.#seal.close(purposes.call(this.#keys.base, worker), head, parts);
    await this.#commands.call('rpush', [this.#keys.inbox(worker), message], { isRepeatable: true });
  }

  settled(number: number): void {
    this.#forget(number);
  }

  #forget(number: number): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    this.#sent.delete(number);
    if (sent.state === 'sent') {
      this.#underWay--;
      if (this.#held.length > 0 && !this.#isPumping) {
        this.#isPumping = true;
        nextTick(() => {
          this.#isPumping = false;
          this.#pump();
        });
      }
    }
    if (sent.large !== undefined) this.#large.delete(sent.large).catch(ignore);
  }

  // ---- what comes back

  #receive(message: Buffer): void {
    if (this.#isClosed) return;
    const key = this.#receiving === undefined ? this.#keyIn(message) : undefined;
    if (this.#receiving === undefined && key === undefined) return this.#open(message);
    const before = this.#receiving ?? Promise.resolve();
    const receiving = before.then(() => this.#fetch(message)).catch((error: unknown) => this.#failed(error));
    this.#receiving = receiving;
    void receiving.then(() => {
      if (this.#receiving === receiving) this.#receiving = undefined;
    });
  }

  #keyIn(message: Buffer): string | undefined {
    try {
      return this.#large.keyIn(message);
    } catch {
      // A text that is not a message is refused where it is opened.
      return undefined;
    }
  }

  async #fetch(message: Buffer): Promise<void> {
    const key = this.#keyIn(message);
    if (key === undefined) return this.#open(message);
    let fetched: Buffer;
    try {
      fetched = await this.#large.get(key);
    } catch (error) {
      // The next looks find that its task is over, and without an outcome.
      if (error instanceof SerializationError) return;
      throw error;
    }
    this.#open(fetched);
    await this.#large.delete(key);
  }

  #open(message: Buffer): void {
    try {
      const { head, parts, isSigned } = this.#seal.open<ReplyHead>(purposes.reply(this.#keys.base, this.#id), message);
      this.#take(head, parts, isSigned);
    } catch (error) {
      this.counts.refused++;
      this.#takeRefusal(message, error);
    }
  }

  /** A worker with another key cannot sign its refusal for this caller. All that such a message can do is to reject a task. */
  #takeRefusal(message: Buffer, error: unknown): void {
    try {
      const { head } = new Seal(undefined).open<ReplyHead>('', message);
      if (head.kind === 'refused') this.#take(head, [], false);
    } catch {
      process.emitWarning(`a reply was refused: ${messageOf(error)}`, 'DistributedWarning');
    }
  }

  #take(head: ReplyHead, parts: readonly Buffer[], isSigned: boolean): void {
    const events = this.#events;
    switch (head.kind) {
      case 'begun':
        for (const number of head.numbers) {
          const sent = this.#sent.get(number);
          if (sent !== undefined) sent.worker = head.worker;
          events.begun(number);
        }
        return;
      case 'ended':
        if (head.ms !== undefined) this.#meanMs = this.#meanMs === undefined ? head.ms : this.#meanMs * 0.95 + head.ms * 0.05;
        return events.ended(head.number, head.isOk, this.#arrived(head, parts, isSigned));
      case 'chunk':
        return events.chunkEnded(head.number, this.#arrived(head, parts, isSigned), head.ms, head.failed);
      case 'values':
        return events.values(head.number, this.#arrived(head, parts, isSigned));
      case 'progress':
        return events.progress(head.number, head.done, head.total);
      case 'overdue':
        return events.overdue(head.number, head.notBegun ?? undefined);
      case 'lost':
        return events.lost(head.number, {
          end: { ...head.end, error: undefined },
          why: head.why ?? undefined,
          isAlone: head.isAlone,
          allowed: head.allowed ?? undefined,
          message: head.message ?? undefined,
        });
      case 'refused': {
        const Class =
          head.code === AuthenticationError.code ? AuthenticationError : head.code === BrokenExecutor.code ? BrokenExecutor : HeddleError;
        return events.refused(head.number, new Class(head.error));
      }
    }
  }

  #arrived(head: { readonly home: Home; readonly modules?: readonly string[] }, parts: readonly Buffer[], isSigned: boolean): Arrived {
    const { release, allowFunctions } = this.#options;
    const bytes = parts[0]!;
    return {
      bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      modules: head.modules ?? [],
      from: arrivalFrom(head.home, release.home, { isTrusted: isSigned, takesSource: isSigned && allowFunctions }),
    };
  }

  // ---- the living workers

  async #beat(): Promise<void> {
    if (this.#isBeating || this.#isClosed) return;
    this.#isBeating = true;
    try {
      const { callerTimeout } = this.#options;
      const keys = this.#large.areAtServer ? [...this.#sent.values()].flatMap(({ large }) => large ?? []) : [];
      const [records, beats, running] = (await this.#run(
        beatScript,
        [this.#id, callerTimeout, callerTimeout * keepFactor],
        keys,
      )) as string[][];
      await this.#look(records!, beats!, running!);
      if (++this.#beats % auditEvery === 0) await this.#audit();
    } catch (error) {
      if (this.#timer === undefined) throw error;
      this.#failed(error);
    } finally {
      this.#isBeating = false;
    }
  }

  async #look(records: readonly string[], beats: readonly string[], running: readonly string[]): Promise<void> {
    const { lost, alive } = this.#watch.look(records, beats);
    const own = this.#options.release.name;
    const before = this.workers.length;
    const joined = alive.filter(({ release }) => release === own);
    this.workers = joined.map(({ id, slots }) => ({ id, slots }));
    if (before !== joined.length) nextTick(() => this.#events.workersChanged());
    // One that was cut off may be back, and be lost again.
    for (const { id } of alive) this.#lost.delete(id);
    // Messages that it sent before its end may have come after its loss was noticed.
    const isLookedFor = this.#beats % auditEvery === 0;
    for (const worker of lost) if (isLookedFor || !this.#lost.has(worker.id)) await this.#workerLost(worker, running);
    if (joined.length === 0 && alive.length > 0) this.#refuseRelease(alive);
  }

  async #workerLost(worker: JoinedWorker, running: readonly string[]): Promise<void> {
    const { id, host, pid, lockDuration } = worker;
    const at = running.indexOf(id);
    const isAlone = !this.#lost.has(id) && at >= 0 && running[at + 1] === '1';
    const numbers = (await this.#run(lostScript, [this.#id, id])) as number[];
    this.#lost.add(id);
    const end = { kind: 'process', pid, threadId: null, exitCode: null, signal: null, error: undefined } as const;
    const why = `with its machine: the heddle worker ${pid} on ${host} has not been heard of for ${lockDuration} ms`;
    // Tasks in its inbox were never begun.
    const direct = [...this.#sent].filter(([, { task }]) => task.worker === id).map(([number]) => number);
    for (const number of new Set([...numbers, ...direct]))
      this.#events.lost(number, { end, why, isAlone, allowed: undefined, message: undefined });
  }

  /** There are workers, and none has this release: nothing of this program will ever run there. */
  #refuseRelease(others: readonly JoinedWorker[]): void {
    const { release } = this.#options;
    const theirs = [...new Set(others.map((worker) => worker.release))].join(', ');
    for (const [number, { worker }] of this.#sent) {
      if (worker !== undefined) continue;
      this.cancel(number, undefined);
      const text = `no worker has the release ${release.name} of this program: those that have joined have ${theirs}. Both sides must have the same files, or be given the same name of a release`;
      this.#events.refused(number, new BrokenExecutor(text));
    }
  }

  /** Asks where tasks are, those first that were sent first. */
  async #audit(): Promise<void> {
    const all = [...this.#sent].slice(0, auditMost).filter(([, { task, state }]) => state === 'sent' && task.worker === undefined);
    if (all.length === 0 || this.#receiving !== undefined) return;
    const jobs = `${this.#keys.jobs}:${this.#queueName}:${jobIdOf(this.#id, '')}`;
    const [replies, states] = (await this.#run(auditScript, [this.#id, jobs, ...all.flatMap(([number, { job }]) => [number, job])])) as [
      number,
      string,
    ];
    // Replies that have come and were not read are not a loss.
    if (replies > 0) return;
    const again: RemoteTask[] = [];
    for (const [i, [number, sent]] of all.entries()) {
      if (this.#sent.get(number) !== sent) continue;
      const state = states[i]!;
      sent.odd = state === 'w' || state === 'b' ? 0 : sent.odd + 1;
      // On its way to or from the server it may look so once.
      if (sent.odd < 2) continue;
      sent.odd = 0;
      if (state === 'g') again.push(sent.task);
      else this.#unknown(number);
    }
    if (again.length > 0) await this.#add(again.map((task) => [task]));
  }

  /** Called when the outcome cannot be known: the server has lost it, or a worker has reported it while this caller was thought dead. */
  #unknown(number: number): void {
    const end = { kind: 'process', pid: null, threadId: null, exitCode: null, signal: null, error: undefined } as const;
    const message = 'what became of the task cannot be known: the server has lost it, or this caller was away from the server for too long';
    this.#events.lost(number, { end, why: undefined, isAlone: false, allowed: undefined, message });
  }
}

/** The call was not answered, or the server reads its log: it may be made again. */
const isPassing = (error: unknown): boolean =>
  error instanceof Error && (error.name !== 'ReplyError' || /^(?:LOADING|READONLY|MASTERDOWN|TRYAGAIN)/.test(error.message));

const jobIdOf = (caller: string, number: number | string): string => `${caller}-${number}`;

function priorityOf(priority: number): number {
  return middle - Math.max(-middle + 1, Math.min(middle - 1, Math.round(priority)));
}

/** Ignores errors of messages to peers that may be gone; the heartbeat notices when the server is. */
function ignore(error: unknown): void {
  if (!(error instanceof BackendLost) && !(error instanceof HeddleError)) process.emitWarning(error as Error);
}
