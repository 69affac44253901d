/**
 * A worker: takes tasks from the queue of its release, has them run by a pool of this machine, and tells their callers how they ended.
 *
 *   BullMQ's queue ──job──▶ opened: signed? this release? ──claim──▶ pool of processes ──outcome, not looked at──▶ replies:CALLER
 *   inbox:WORKER ──abort, taken, broadcast──▶ the tasks that it has
 *
 * The worker's own event loop renews the locks of its jobs and counts up its heartbeat; no code of a task runs on it. What an outcome is, is told in one
 * step with the mark that the task is over. Only then its job is finished, which removes it.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { checkBoolean, checkInteger, checkTimeout } from '../../check.ts';
import { AuthenticationError, BrokenExecutor, HeddleError, TimeoutError, WorkerLost, messageOf } from '../../errors.ts';
import { encodeOutcome } from '../../worker/index.ts';
import { type Executor, locally, ProcessPoolExecutor, ThreadPoolExecutor } from '../../pool/index.ts';
import { clearInterval, monotonicNow, setImmediate, setInterval, setTimeout } from '../../real-timers.ts';
import { share } from '../../shared/index.ts';
import { checkBackendOptions } from '../server/backend.ts';
import { type BullJob, type BullQueue, type BullWorker, connectionFor, loadBull } from '../server/bull.ts';
import { checkServer } from '../server/client.ts';
import { Connection } from '../server/connection.ts';
import { type Opened, Seal } from '../server/envelope.ts';
import { Keys, purposes } from '../server/keys.ts';
import { LargeValues } from '../server/large.ts';
import { Mailbox } from './mailbox.ts';
import type { CallHead, TaskHead, WorkerRecord } from './messages.ts';
import { readTaskBackend, type TaskBackend, type TaskBackendOptions, taskBackendKeys } from '../options.ts';
import { Outbox } from './outbox.ts';
import { packOutcome, unpackOutcome } from './outcomes.ts';
import type { Redis } from '../server/redis.ts';
import { type Job, runCall, runChunk, runStream, SealedReason } from './task.ts';
import { claimScript, sweepScript } from './task-scripts.ts';
import { WorkerWatch } from './worker-watch.ts';

/** Options of a `DistributedWorker`. */
export interface DistributedWorkerOptions extends TaskBackendOptions {
  /** Tasks that run at a time. An integer >= 1; default `os.availableParallelism()`. */
  readonly maxWorkers?: number | undefined;
  /** Tasks run in threads of one process instead of in processes of their own. Default false. */
  readonly threads?: boolean | undefined;
  /** Milliseconds without a sign of this worker after which its tasks are lost. An integer >= 1000; default 5000. */
  readonly lockDuration?: number | undefined;
  /** Milliseconds between two looks for what lost workers and callers have left. An integer >= 100; default 2000. */
  readonly stalledInterval?: number | undefined;
  /** Milliseconds that what runs has from `close()` on, as from SIGTERM, to its end. Default 30,000. */
  readonly gracePeriod?: number | undefined;
}

/** Plain numbers, since the worker was made. */
export interface WorkerStatistics {
  /** Tasks that run now. */
  readonly running: number;
  /** Tasks that have ended, well or not. */
  readonly completed: number;
  /** Messages that were not signed, were altered, or were for another release. */
  readonly refused: number;
  /** Messages of tasks that had been run before. */
  readonly replayed: number;
}

const keys = [...taskBackendKeys, 'maxWorkers', 'threads', 'lockDuration', 'stalledInterval', 'gracePeriod'] as const;
/** Milliseconds that messages of callers are kept. */
const inboxKept = 300_000;
/** Tasks that have run for this long are told to have begun; of shorter ones the end is told alone. */
const tellBegunAfter = 5;
/** Tasks of less than `quick` milliseconds are taken ahead of the pool, at most `mostAhead` for each slot. */
const quick = 2;
const mostAhead = 32;
/** The number of tasks for each slot at which no more are taken. */
const mostInHand = 128;
const streamAhead = 64;
/** Milliseconds that a lost worker is remembered. */
const rememberLost = 60_000;

interface Running {
  readonly head: TaskHead;
  readonly numbers: readonly number[];
  readonly claim: string;
  readonly controller: AbortController;
  readonly since: number;
  isToldBegun: boolean;
  /** Of a stream: values that its consumer has taken, and what waits for more of them. */
  taken: number;
  wake: (() => void) | undefined;
}

interface Claiming {
  readonly caller: string;
  readonly number: number;
  readonly claim: string;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins the executors of other machines and runs their tasks, as `heddle worker` does.
 *
 * @example
 * ```ts no-run: needs a server
 * import { DistributedWorker } from 'heddle/distributed';
 *
 * const worker = new DistributedWorker({ url: 'redis://127.0.0.1:6379', maxWorkers: 4 });
 * await worker.start();
 * process.once('SIGTERM', () => void worker.close());
 * ```
 */
export class DistributedWorker implements AsyncDisposable {
  readonly #options: TaskBackend & {
    readonly slots: number;
    readonly lockDuration: number;
    readonly stalledInterval: number;
    readonly gracePeriod: number;
  };
  readonly #id: string = randomUUID();
  readonly #keys: Keys;
  readonly #seal: Seal;
  readonly #commands: Connection;
  readonly #waiting: Connection;
  readonly #large: LargeValues;
  readonly #outbox: Outbox;
  readonly #pool: Executor;
  readonly #watch = new WorkerWatch();
  readonly #running = new Map<string, Running>();
  #positions: { readonly array: Int32Array; readonly free: number[] } | undefined;
  #bull: BullWorker | undefined;
  #queue: BullQueue | undefined;
  #connections: Redis[] = [];
  #mailbox: Mailbox | undefined;
  #beat: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #begunTimer: NodeJS.Timeout | undefined;
  #claims = 0;
  #claiming: Claiming[] = [];
  #completed = 0;
  #refused = 0;
  #replayed = 0;
  /** Of a task, on the average of the last ones. */
  #meanMs = 1000;
  readonly #lostAt = new Map<string, number>();
  #started: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;
  readonly #listeners: ((error: unknown) => void)[] = [];

  /** @throws TypeError or RangeError naming an option that is unknown or wrong */
  constructor(options: DistributedWorkerOptions = {}) {
    checkBackendOptions(options, keys);
    const { maxWorkers, threads, lockDuration = 5000, stalledInterval = 2000, gracePeriod = 30_000 } = options;
    if (maxWorkers !== undefined) checkInteger(maxWorkers, 'maxWorkers', 1);
    checkBoolean(threads, 'threads');
    checkInteger(lockDuration, 'lockDuration', 1000);
    checkInteger(stalledInterval, 'stalledInterval', 100);
    checkTimeout(gracePeriod, 'gracePeriod');
    const tasks = readTaskBackend(options);
    const env = { ...process.env, HEDDLE_BACKEND: undefined, HEDDLE_RELEASE_FOLDER: tasks.release.home.release };
    const Pool = threads === true ? ThreadPoolExecutor : ProcessPoolExecutor;
    this.#pool = locally(() => new Pool({ maxWorkers, env, name: 'heddle worker' }));
    this.#options = { ...tasks, slots: this.#pool.maxWorkers, lockDuration, stalledInterval, gracePeriod };
    const { backend, queue, authkey, store } = tasks;
    this.#keys = new Keys(backend.prefix, queue);
    this.#seal = new Seal(authkey);
    this.#commands = new Connection(backend, (redis) => checkServer(redis, backend.address));
    this.#waiting = new Connection(backend, async () => {});
    this.#large = new LargeValues(this.#commands, this.#keys, store);
    const failed = (error: unknown): void => this.#tellError(error);
    this.#outbox = new Outbox({ commands: this.#commands, keys: this.#keys, seal: this.#seal, large: this.#large, failed });
  }

  /** Name of the release whose tasks it runs. */
  get release(): string {
    return this.#options.release.name;
  }

  /** How many tasks it runs at a time. */
  get maxWorkers(): number {
    return this.#options.slots;
  }

  /** The number of tasks and of refused messages. */
  statistics(): WorkerStatistics {
    return { running: this.#running.size, completed: this.#completed, refused: this.#refused, replayed: this.#replayed };
  }

  /** Joins. Resolves when it takes tasks. @throws what keeps the server from being used */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Calls a function with what goes wrong beside tasks, such as the loss of the server, which the worker outlives. */
  onError(listener: (error: unknown) => void): void {
    this.#listeners.push(listener);
  }

  async #start(): Promise<void> {
    const { Queue, Worker } = await loadBull();
    const { backend, release, slots, lockDuration, stalledInterval } = this.#options;
    this.#commands.hold();
    await this.#commands.call('ping', [], { isRepeatable: true });
    const failed = (error: unknown): void => this.#tellError(error);
    this.#connections = [await connectionFor(backend, failed), await connectionFor(backend, failed)];
    const prefix = this.#keys.jobs;
    this.#queue = new Queue(release.name, { connection: this.#connections[0], prefix, skipMetasUpdate: true });
    this.#queue.on('error', failed);
    this.#bull = new Worker(release.name, (job) => this.#process(job), {
      connection: this.#connections[1],
      prefix,
      autorun: false,
      concurrency: slots,
      lockDuration,
      stalledInterval,
      // The caller decides whether a task runs again.
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      runRetryDelay: 500,
    });
    this.#bull.on('error', failed);
    const record: WorkerRecord = { release: release.name, slots, host: hostname(), pid: process.pid, lockDuration };
    const join = async (): Promise<void> => {
      await this.#commands.call('hset', [this.#keys.workers, this.#id, JSON.stringify(record)], { isRepeatable: true });
      await this.#commands.call('hincrby', [this.#keys.beats, this.#id, 1], { isRepeatable: true });
    };
    await join();
    this.#beat = setInterval(() => void join().catch(failed), Math.min(1000, lockDuration / 5));
    this.#sweep = setInterval(() => void this.#sweepUp().catch(failed), stalledInterval);
    this.#begunTimer = setInterval(() => this.#tellBegun(), tellBegunAfter);
    this.#begunTimer.unref();
    this.#mailbox = new Mailbox({
      connection: this.#waiting,
      list: this.#keys.inbox(this.#id),
      keepFor: inboxKept,
      receive: (message) => void this.#called(message).catch(failed),
      failed,
    });
    this.#bull.run().catch(failed);
  }

  #tellError(error: unknown): void {
    for (const listener of this.#listeners) listener(error);
  }

  // ---- a task

  async #process(job: BullJob): Promise<void> {
    const { data } = job;
    let message: Buffer = Buffer.from(typeof data === 'string' ? data : '', 'base64');
    let opened: Opened<TaskHead>;
    try {
      const large = this.#large.keyIn(message);
      if (large !== undefined) message = await this.#large.get(large);
      opened = this.#open(message);
    } catch (error) {
      return this.#refuse(message, error);
    }
    const { head, parts, isSigned } = opened;
    if (job.id !== `${head.caller}-${head.number}`) {
      this.#replayed++;
      return;
    }
    if (head.calls === undefined) return this.#take(job, opened);
    const [fn, ...args] = parts;
    const { calls, ...common } = head;
    const each = calls.map(([number, id, attempt], i) => {
      const call: TaskHead = { ...common, kind: 'call', number, id, attempt };
      return this.#take(job, { head: call, parts: [fn!, args[i]!], isSigned });
    });
    await Promise.all(each);
  }

  async #take(job: BullJob, opened: Opened<TaskHead>): Promise<void> {
    const { head } = opened;
    const claim = `${this.#id}/${++this.#claims}`;
    const answer = await this.#claim(head.caller, head.number, claim);
    if (answer !== 'run') {
      // A job whose lock was lost comes again, and its caller knows; what comes for another reason was sent twice.
      if (answer === 'again' && !isReturned(job)) this.#replayed++;
      return;
    }
    await this.#perform(opened, [head.number], claim);
  }

  /** @throws AuthenticationError, BrokenExecutor for another release */
  #open(message: Buffer): Opened<TaskHead> {
    const opened = this.#seal.open<TaskHead>(purposes.task(this.#keys.base), message);
    const { release } = this.#options;
    if (opened.head.release !== release.name)
      throw new BrokenExecutor(`the worker has the release ${release.name}, and the task is of ${opened.head.release}`);
    return opened;
  }

  /** Refuses a message, and tells its caller, if the caller can be found. */
  #refuse(message: Buffer, error: unknown): void {
    this.#refused++;
    this.#tellError(error);
    try {
      const { head } = new Seal(undefined).open<TaskHead>('', message);
      const why = `the worker ${process.pid} on ${hostname()} refuses the task: ${messageOf(error)}`;
      const code = error instanceof HeddleError ? error.code : '';
      for (const number of head.numbers ?? head.calls?.map(([one]) => one) ?? [head.number])
        this.#outbox.end(head.caller, number, '', { kind: 'refused', number, error: why, code: refusalCode(code) }, []);
    } catch {
      // The message is not even a damaged task.
    }
  }

  /** Claims of one turn go together. */
  #claim(caller: string, number: number, claim: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#claiming.push({ caller, number, claim, resolve, reject }) > 1) return;
      setImmediate(() => {
        const all = this.#claiming;
        this.#claiming = [];
        const args = all.flatMap((each) => [each.caller, each.number, each.claim]);
        this.#outbox.run(claimScript, args).then(
          (answers) => all.forEach((each, i) => each.resolve((answers as string[])[i]!)),
          (error: unknown) => all.forEach((each) => each.reject(error)),
        );
      });
    });
  }

  async #perform(opened: Opened<TaskHead>, numbers: readonly number[], claim: string): Promise<void> {
    const { head, parts, isSigned } = opened;
    const running: Running = {
      head,
      numbers,
      claim,
      controller: new AbortController(),
      since: monotonicNow(),
      isToldBegun: false,
      taken: 0,
      wake: undefined,
    };
    const { release, allowFunctions } = this.#options;
    const job: Job = { head, parts, home: release.home, isTrusted: isSigned, takesSource: isSigned && allowFunctions };
    this.#running.set(claim, running);
    this.#adapt();
    try {
      if (head.kind === 'stream') await this.#stream(running, job);
      else if (head.kind === 'broadcast') await this.#broadcast(running, job);
      else if (head.kind === 'chunk') await this.#chunk(running, job);
      else this.#ended(running, head.number, await this.#executorFor(running).submit(runCall, job));
    } catch (error) {
      for (const number of numbers) this.#failed(running, number, error, undefined);
    } finally {
      this.#running.delete(claim);
      this.#completed++;
      this.#measure(monotonicNow() - running.since);
      if (this.#running.size === 0) this.#idle?.();
    }
  }

  /** The pool with what the task asks of it. */
  #executorFor({ head, controller }: Running): Executor {
    const { timeout, priority, tellsProgress, caller, number } = head;
    return this.#pool.with({
      signal: controller.signal,
      timeout,
      priority,
      progress:
        tellsProgress === true ? ({ done, total }) => this.#outbox.tell(caller, { kind: 'progress', number, done, total }, []) : undefined,
    });
  }

  async #chunk(running: Running, job: Job): Promise<void> {
    const { head } = running;
    const { items, number } = head;
    const positions = this.#positionsNow();
    const at = positions?.free.pop();
    if (positions === undefined || at === undefined)
      return this.#ended(running, number, await this.#executorFor(running).submit(runChunk, job));
    positions.array[at] = -1;
    try {
      this.#ended(running, number, await this.#executorFor(running).submit(runChunk, job, { array: positions.array, at }));
    } catch (error) {
      const last = positions.array[at] ?? -1;
      this.#failed(running, number, error, Math.max(items!.from, last + 1));
    } finally {
      positions.free.push(at);
    }
  }

  /** Where chunks say which item they run; undefined: this machine has no shared memory between processes. */
  #positionsNow(): { readonly array: Int32Array; readonly free: number[] } | undefined {
    if (this.#positions !== undefined) return this.#positions;
    const size = this.#options.slots * (mostAhead + 1);
    try {
      this.#positions = { array: share(new Int32Array(size)), free: Array.from({ length: size }, (_, i) => i) };
    } catch (error) {
      this.#tellError(error);
      this.#positions = { array: new Int32Array(0), free: [] };
    }
    return this.#positions;
  }

  async #broadcast(running: Running, job: Job): Promise<void> {
    const outcomes = await this.#executorFor(running).broadcast(runCall, job);
    for (const [i, number] of running.numbers.entries()) {
      const packed = outcomes[i];
      if (packed === undefined) this.#failed(running, number, new BrokenExecutor('the worker has fewer slots than it said'), undefined);
      else this.#ended(running, number, packed);
    }
  }

  async #stream(running: Running, job: Job): Promise<void> {
    const { caller, number } = running.head;
    const { home } = this.#options.release;
    this.#tellBegunOf([running]);
    running.isToldBegun = true;
    const values = this.#executorFor(running).stream(runStream, job);
    let sent = 0;
    for await (const packed of values) {
      const { head, bytes } = unpackOutcome(packed);
      if (!head.isOk) return this.#ended(running, number, packed);
      await this.#outbox.tellLarge(caller, { kind: 'values', number, home, modules: head.modules }, [bytes]);
      sent += 1;
      while (sent - running.taken >= streamAhead && !running.controller.signal.aborted)
        await new Promise<void>((resolve) => {
          running.wake = resolve;
        });
    }
    const done = encodeOutcome(true, undefined, { kind: 'network' }).packet.bytes;
    this.#ended(running, number, packOutcome({ isOk: true, modules: [] }, done));
  }

  /** The outcome of a task, as a process of the pool has packed it. */
  #ended(running: Running, number: number, packed: Uint8Array): void {
    const { head, bytes } = unpackOutcome(packed);
    const { home } = this.#options.release;
    const { modules, failed, ms, isOk } = head;
    const more = { number, home, ...(modules.length === 0 ? {} : { modules }) };
    if (failed === undefined)
      this.#outbox.end(running.head.caller, number, running.claim, { kind: 'ended', isOk, ...more, ...(ms === undefined ? {} : { ms }) }, [
        bytes,
      ]);
    else this.#outbox.end(running.head.caller, number, running.claim, { kind: 'chunk', failed, ms: ms ?? 0, ...more }, [bytes]);
  }

  /** The pool itself has ended the task. @param allowed of a chunk: the first item that had not begun */
  #failed({ head, claim, controller }: Running, number: number, error: unknown, allowed: number | undefined): void {
    // The caller has the reason.
    if (controller.signal.aborted && controller.signal.reason === error)
      return this.#outbox.end(head.caller, number, claim, { kind: 'overdue', number, notBegun: null }, []);
    if (error instanceof TimeoutError) {
      const notBegun = /has not begun within ([\d.]+) ms/.exec(error.message)?.[1];
      return this.#outbox.end(
        head.caller,
        number,
        claim,
        { kind: 'overdue', number, notBegun: notBegun === undefined ? null : Number(notBegun) },
        [],
      );
    }
    if (error instanceof WorkerLost) {
      const { pid, threadId, exitCode, signal } = error;
      const end = { kind: threadId === null ? ('process' as const) : ('thread' as const), pid, threadId, exitCode, signal };
      const isOwnDoing = this.#closing === undefined;
      const why = isOwnDoing ? null : 'with its heddle worker, which was told to end';
      const lost = { kind: 'lost', number, end, why, allowed: allowed ?? null, message: null, isAlone: isOwnDoing } as const;
      return this.#outbox.end(head.caller, number, claim, lost, []);
    }
    const { home } = this.#options.release;
    const { packet } = encodeOutcome(false, error, { kind: 'network' });
    const value = { number, home, modules: packet.modules };
    if (head.kind !== 'chunk')
      return this.#outbox.end(head.caller, number, claim, { kind: 'ended', isOk: false, ...value }, [packet.bytes]);
    this.#outbox.end(head.caller, number, claim, { kind: 'refused', number, error: messageOf(error), code: BrokenExecutor.code }, []);
  }

  // ---- what callers are told

  #tellBegun(): void {
    if (this.#running.size === 0) return;
    const now = monotonicNow();
    const begun = [...this.#running.values()].filter(({ isToldBegun, since }) => !isToldBegun && now - since >= tellBegunAfter);
    for (const each of begun) each.isToldBegun = true;
    this.#tellBegunOf(begun);
  }

  #tellBegunOf(tasks: readonly Running[]): void {
    const byCaller = new Map<string, number[]>();
    for (const { head, numbers } of tasks) byCaller.set(head.caller, [...(byCaller.get(head.caller) ?? []), ...numbers]);
    for (const [caller, numbers] of byCaller) this.#outbox.tell(caller, { kind: 'begun', numbers, worker: this.#id }, []);
  }

  // ---- what callers tell

  async #called(message: Buffer): Promise<void> {
    const large = this.#large.keyIn(message);
    const whole = large === undefined ? message : await this.#large.get(large);
    let opened: Opened<CallHead> | undefined;
    try {
      opened = this.#seal.open<CallHead>(purposes.call(this.#keys.base, this.#id), whole);
    } catch {
      // The message may be a task.
    }
    if (opened !== undefined && (opened.head.kind === 'abort' || opened.head.kind === 'taken')) return this.#told(opened);
    try {
      await this.#processDirect(this.#open(whole));
    } catch (error) {
      this.#refuse(whole, error);
    }
  }

  /** A broadcast: it has not been in the queue. */
  async #processDirect(opened: Opened<TaskHead>): Promise<void> {
    const { caller, numbers = [] } = opened.head;
    const claim = `${this.#id}/${++this.#claims}`;
    const answers = await Promise.all(numbers.map((number) => this.#claim(caller, number, claim)));
    const mine = numbers.filter((_, i) => answers[i] === 'run');
    if (mine.length > 0) await this.#perform(opened, mine, claim);
  }

  #told({ head, parts, isSigned }: Opened<CallHead>): void {
    for (const running of this.#running.values()) {
      if (running.head.caller !== head.caller || !running.numbers.includes(head.number)) continue;
      if (head.kind === 'taken') running.taken = Math.max(running.taken, head.total);
      else {
        const { release, allowFunctions } = this.#options;
        const bytes = parts[0];
        const from = { from: head.home, home: release.home, isTrusted: isSigned, takesSource: isSigned && allowFunctions };
        running.controller.abort(
          bytes === undefined ? undefined : new SealedReason({ bytes: Uint8Array.from(bytes), modules: head.modules ?? [], ...from }),
        );
      }
      running.wake?.();
      return;
    }
  }

  // ---- how much it takes

  #measure(ms: number): void {
    this.#meanMs = this.#meanMs * 0.95 + ms * 0.05;
    this.#adapt();
  }

  /** Where tasks are short the next ones must be here already. */
  #adapt(): void {
    const bull = this.#bull;
    if (bull === undefined) return;
    const { slots } = this.#options;
    const depth = Math.max(1, this.#running.size / slots);
    const ms = this.#meanMs / depth;
    const ahead =
      ms < quick && this.#running.size < mostInHand * slots ? Math.min(mostAhead, Math.ceil((4 * quick) / Math.max(ms, 0.05))) : 0;
    const concurrency = slots * (1 + ahead);
    if (bull.concurrency !== concurrency) bull.concurrency = concurrency;
  }

  // ---- what others have left

  async #sweepUp(): Promise<void> {
    const dead = (await this.#outbox.run(sweepScript, [])) as string[];
    for (const caller of dead) await this.#removeTasksOf(caller);
    const [records, beats] = (await Promise.all(
      [this.#keys.workers, this.#keys.beats].map((key) => this.#commands.call('hgetall', [key], { isRepeatable: true })),
    )) as [string[], string[]];
    const { lost, alive } = this.#watch.look(records, beats);
    const now = monotonicNow();
    for (const { id } of alive) this.#lostAt.delete(id);
    for (const { id } of lost) {
      const at = this.#lostAt.get(id) ?? now;
      this.#lostAt.set(id, at);
      if (now - at >= rememberLost) await this.#forgetWorker(id);
    }
  }

  async #forgetWorker(id: string): Promise<void> {
    this.#lostAt.delete(id);
    for (const key of [this.#keys.workers, this.#keys.beats, this.#keys.running])
      await this.#commands.call('hdel', [key, id], { isRepeatable: true });
    await this.#commands.call('del', [this.#keys.inbox(id), `${this.#keys.inbox(id)}:taken`], { isRepeatable: true });
  }

  /** A caller has died: what waits for a worker is removed. */
  async #removeTasksOf(caller: string): Promise<void> {
    const base = `${this.#keys.jobs}:${this.#options.release.name}:`;
    const waiting = (await this.#commands.call('lrange', [`${base}wait`, 0, -1], { isRepeatable: true })) as string[];
    const prioritized = (await this.#commands.call('zrange', [`${base}prioritized`, 0, -1], { isRepeatable: true })) as string[];
    for (const id of [...waiting, ...prioritized]) if (id.startsWith(`${caller}-`)) await this.#queue!.remove(id);
    // Tasks that it has begun are not wanted any more either.
    for (const { head, controller } of this.#running.values()) if (head.caller === caller) controller.abort();
  }

  // ---- the end

  /**
   * Takes no more tasks, and ends when those that run have ended, or after `gracePeriod` milliseconds: what runs then is lost. May be called again.
   *
   * @param gracePeriod milliseconds; default that of the constructor
   */
  close(gracePeriod: number = this.#options.gracePeriod): Promise<void> {
    this.#closing ??= this.#close(gracePeriod);
    return this.#closing;
  }

  async #close(gracePeriod: number): Promise<void> {
    await this.#started?.catch(() => {});
    const bull = this.#bull;
    const isPaused = bull?.pause(true);
    await this.#untilIdle(gracePeriod);
    await isPaused;
    // Running tasks have had their time.
    if (this.#running.size > 0) {
      await this.#pool.killWorkers();
      await this.#untilIdle(1000);
    }
    clearInterval(this.#begunTimer);
    clearInterval(this.#sweep);
    await this.#outbox.sent();
    // Jobs are finished when their outcomes have been told: only then the connections may end.
    await bull?.close(this.#running.size > 0).catch((error: unknown) => this.#tellError(error));
    clearInterval(this.#beat);
    this.#mailbox?.close();
    await this.#waiting.close(true);
    if (this.#commands.isReady) await this.#forgetWorker(this.#id).catch((error: unknown) => this.#tellError(error));
    await this.#queue?.close().catch((error: unknown) => this.#tellError(error));
    for (const redis of this.#connections) redis.disconnect();
    await this.#commands.close(true);
    await this.#pool.shutdown({ cancelFutures: true });
  }

  async #untilIdle(ms: number): Promise<void> {
    if (this.#running.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle = () => resolve();
      if (ms !== Infinity) timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    });
    this.#idle = undefined;
    clearTimeout(timer);
  }

  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const refusalCode = (code: string): string => (code === AuthenticationError.code || code === BrokenExecutor.code ? code : '');

/** BullMQ has handed the job out before: the lock of the worker that had it has ended. */
function isReturned(job: BullJob): boolean {
  const { attemptsStarted = 1, stalledCounter = 0 } = job as { readonly attemptsStarted?: number; readonly stalledCounter?: number };
  return attemptsStarted > 1 || stalledCounter > 0;
}
