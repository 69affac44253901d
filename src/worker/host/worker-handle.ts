/**
 * The host's end of one worker: starts it, sends it tasks, and tells how they, and it, ended.
 *
 *   starting --READY--> ready --stop()--> stopping --> ended
 *       \________________________\____________________/     whatever ends it, `ended` is called once, at last
 *
 * The protocol of a worker. `given-tasks.ts` has its tasks and those that have begun, `worker-ending.ts` its end.
 */

import { type Border, type Encoded, type Packet, abortImported, decode, prepare, realmId, withOrigin } from '../../codec/index.ts';
import type { WorkerEnd } from '../../errors.ts';
import { publish } from '../../events.ts';
import { handleDoor } from '../../handles.ts';
import { me, WordRow } from '../../memory/index.ts';
import { nextTick } from '../../real-timers.ts';
import { AheadWords, mostTickets, type WordsAt } from './ahead.ts';
import { type Frame, FrameKind, frame, wholeChunk } from '../link/frame.ts';
import { type Given, GivenTasks } from './given-tasks.ts';
import { HeldCapsules } from './held-capsules.ts';
import { type Meta, type Outcomes, encodeOutcome, incoming, metaOf, packetFrame, readOutcomes, weightOf } from '../link/message.ts';
import { nestingBelow } from '../inside/nesting.ts';
import { startProcess } from './process.ts';
import { identity } from '../start/process-identity.ts';
import type { InitMeta } from '../inside/runner.ts';
import type { ResourceLimits, RunningWorker, WorkerKind } from './running-worker.ts';
import { abortFrame, SignalWatch } from './signals.ts';
import { chosenMethod } from '../start/start-method.ts';
import { startThread } from './thread.ts';
import { WorkerEnding } from './worker-ending.ts';

/** How a task or an item ended: with a value, or with an error. */
export interface Outcome {
  readonly ok: boolean;
  readonly value: unknown;
}

/** The report of a chunk's worker: outcomes from item `first` on. Items from `allowed` on have not begun. */
export interface ChunkReport extends Outcomes {
  readonly first: number;
  readonly allowed: number;
  /** Milliseconds the worker spent since its last report. */
  readonly ms: number;
  /** The size of the outcomes. */
  readonly bytes: number;
  /** The chunk ends here: its worker gives back the items from `allowed` on. */
  readonly isCut: boolean;
}

export interface WorkerEvents {
  ready(): void;
  /** Tasks may be sent to it while it is busy. */
  takesAhead(): void;
  /** A task has ended: with a value, or with an error. @param us microseconds that it took; -1 where no worker ran it */
  outcome(task: Given, ok: boolean, value: unknown, us: number): void;
  report(task: Given, report: ChunkReport): void;
  /** The progress of a task. */
  progress(task: Given, done: number, total: number | null): void;
  /** Heddle works for a task, such as imports what it needs; or the task's own code runs. Told only of timed tasks. */
  preparing(task: Given, isPreparing: boolean): void;
  /** The worker has more memory than `maxMemory`, and must be replaced. */
  heavy(): void;
  /** The worker's own pools have work that no task of it waits for, or have none any more. */
  poolsWork(doWork: boolean): void;
  /** @param begun the tasks it had begun, if it could tell; without it all that it was given may have begun */
  ended(end: WorkerEnd, begun: ReadonlySet<number> | undefined): void;
}

export interface WorkerOptions {
  readonly name: string;
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly execArgv?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A blank process becomes the worker, where one is ready. */
  readonly isWarm?: boolean;
  /** Tasks that run in it at a time; default 1. */
  readonly slots?: number;
  /** Bytes; default no limit. */
  readonly maxMemory?: number;
  /** True if its pool was first used by code that no task ran (`nesting.ts`). */
  readonly isUnasked?: boolean;
}

export interface Call extends Given {
  readonly args: Packet;
  /** From 1. */
  readonly attempt: number;
  /** The facts that the worker must know beforehand; undefined for a plain call. */
  readonly how: CallMeta | undefined;
}

export type CallMeta = Pick<Meta, 'isAbortable' | 'isTimed' | 'isStream'>;

/** Items of a map that travel together. */
export interface ChunkCall {
  readonly packet: Packet;
  /** The packet is a list in shared memory, and item 0 its element of this index. */
  readonly rangeFrom: number | undefined;
  readonly isSpread: boolean;
  /** The first item to run, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly attempt: number;
  /** Items that may begin before the first report. */
  readonly lease: number;
  /** True if the host measures the time of each item: it must be reported before the next begins. */
  readonly isTimed: boolean;
  readonly isAbortable: boolean;
  /** The worker must run all items, however big their results are. */
  readonly isWhole: boolean;
}

/** The host counts what a worker has begun at least this often, so that the worker never runs out of room to mark it. */
const countEvery = 10_000;
/** The number of tasks after which a process is told to load the modules for tasks that are sent ahead. */
const wordsAfter = 200;

export class WorkerHandle {
  readonly kind: WorkerKind;
  #events: WorkerEvents;
  readonly #worker: RunningWorker;
  readonly #border: Border;
  readonly #signals: SignalWatch;
  readonly #held: HeldCapsules;
  readonly #given: GivenTasks = new GivenTasks();
  readonly #ending: WorkerEnding;
  /** The state of tasks that are sent ahead; undefined as long as none are. */
  #ahead: AheadWords | undefined;
  /** Where they are, until the worker has them, too. */
  #offered: WordsAt | undefined;
  /** Messages whose modules are being imported before they can be decoded. */
  #undecoded = 0;
  #lastDecoded: Promise<void> | undefined;
  #fatal: unknown;
  /** The tasks that it reports to have begun. */
  #begun: ReadonlySet<number> | undefined;
  /** This thread's slot in the shared heap, as the worker knows it. */
  #toldSlot: number = me;

  /** @throws if the system refuses to start it at once */
  constructor(kind: WorkerKind, options: WorkerOptions, events: WorkerEvents) {
    this.kind = kind;
    this.#events = events;
    this.#border = { kind };
    const startOptions = { ...options, isBusy: () => this.#given.size > 0 };
    this.#worker = kind === 'thread' ? startThread(startOptions) : startProcess(startOptions);
    const { link, ahead } = this.#worker;
    this.#ahead = ahead;
    this.#signals = new SignalWatch((id, reason) => link.send(abortFrame(id, reason, this.#border)));
    this.#held = new HeldCapsules(link);
    this.#ending = new WorkerEnding(kind, this.#worker, {
      linkEnded: () => this.#signals.stop(),
      isDecoding: () => this.#undecoded > 0,
      ended: (end) => this.#ended(end),
    });
    link.open({
      onFrame: (f) => this.#receive(f),
      onEnd: () => this.#ending.linkEnded(),
      onUnsent: (f, error) => this.#unsent(f, error),
    });
    link.unref();
    const init: InitMeta = {
      realm: realmId,
      script: process.argv[1],
      name: options.name,
      link: link.parcels.identity,
      nesting: nestingBelow(options.isUnasked === true),
      process: identity()?.name ?? 'MainProcess',
      method: chosenMethod(),
      ...(options.slots === undefined || options.slots === 1 ? {} : { slots: options.slots }),
      ...(options.maxMemory === undefined || options.maxMemory === Infinity ? {} : { maxMemory: options.maxMemory }),
    };
    link.send(frame(FrameKind.Init, { meta: JSON.stringify(init) }));
    link.flush();
  }

  /** From now on another hears of it. */
  tell(events: WorkerEvents): void {
    this.#events = events;
  }

  get pid(): number | null {
    return this.#worker.pid;
  }

  get threadId(): number | null {
    return this.#worker.threadId;
  }

  /**
   * Calls the function with the arguments in the packet.
   *
   * @param isRevocable it gets a ticket, by which it can be taken back until the worker begins it, if there is one now
   * @param isAhead the worker is busy, and begins it when it has room
   */
  call(task: Call, isRevocable: boolean = false, isAhead: boolean = false): void {
    task.ticket = isRevocable && this.#ahead !== undefined ? this.#ahead.claim() : 0;
    const { id, args, attempt, ticket, how } = task;
    const a = this.#held.give(task.capsule);
    this.#send(task, packetFrame(FrameKind.Task, args, { id, a, b: attempt, c: ticket }, how), args, isAhead);
  }

  /** Takes back a task that has a ticket. @returns false when the worker has begun it */
  takeBack(task: Given): boolean {
    if (!this.#ahead!.takeBack(task.ticket)) return false;
    this.#given.delete(task);
    task.ticket = 0;
    return true;
  }

  /** True if the worker has begun a task that has a ticket and has not ended. */
  hasBegun(ticket: number): boolean {
    return this.#ahead!.hasBegun(ticket);
  }

  /** The consumer of a stream has taken `count` more of its values. */
  taken({ id }: Given, count: number): void {
    this.#worker.link.send(frame(FrameKind.Taken, { id, a: count }));
  }

  /** Calls the function with each of the chunk's items. */
  callEach(task: Given, { packet, rangeFrom, isSpread, from, to, attempt, lease, isTimed, isAbortable, isWhole }: ChunkCall): void {
    const a = this.#held.give(task.capsule);
    let meta: Meta | undefined = isSpread ? { isSpread } : undefined;
    if (isTimed) meta = { ...meta, isTimed };
    if (isAbortable) meta = { ...meta, isAbortable };
    if (isWhole) meta = { ...meta, isWhole };
    if (attempt > 1) meta = { ...meta, attempt };
    if (lease > 1) meta = { ...meta, lease };
    if (rangeFrom !== undefined) meta = { ...meta, rangeFrom };
    this.#send(task, packetFrame(FrameKind.Chunk, packet, { id: task.id, a, b: to, c: from }, meta), packet, false);
  }

  /** Tells a task, or item `index` of a chunk (default: all that are left), that it is not wanted any more or takes too long. */
  abort(task: Given, reason: unknown, index: number = wholeChunk): void {
    task.unanswered++;
    const { packet } = encodeOutcome(false, reason, this.#border);
    this.#worker.link.sendNow(packetFrame(FrameKind.Abort, packet, { id: task.id, b: index }));
  }

  /** Lets a chunk begin no further item. */
  curtail({ id }: Given): void {
    this.#worker.link.send(frame(FrameKind.Curtail, { id }));
  }

  /** As `WorkerEnding` has it. */
  stop(grace?: number, isNow?: boolean): void {
    this.#ending.stop(grace, isNow);
  }

  /** As `WorkerEnding` has it. */
  kill(signal?: 'SIGTERM' | 'SIGKILL', grace?: number): void {
    this.#ending.kill(signal, grace);
  }

  #send(task: Given, f: Frame, packet: Packet, isAhead: boolean): void {
    const { link, begun } = this.#worker;
    const given = this.#given;
    if (this.#toldSlot !== me) this.#tellSlot();
    given.add(task);
    if (given.sent % countEvery === 0) begun.count();
    if (given.sent === wordsAfter && this.#ahead === undefined) this.#offerWords();
    if (isAhead) link.send(f);
    else link.sendNow(f);
    const { signals } = task.capsule.packet;
    if (signals.length > 0) this.#signals.watch(signals);
    if (packet.signals.length > 0) this.#signals.watch(packet.signals);
  }

  #unsent(f: Frame, error: unknown): void {
    const task = f.kind === FrameKind.Task || f.kind === FrameKind.Chunk ? this.#given.get(f.id) : undefined;
    if (task === undefined) return;
    this.#given.unsent(task);
    // The pool is in the middle of sending it.
    nextTick(() => this.#events.outcome(task, false, error, -1));
  }

  /** Messages of the worker live as long as its host does. */
  #tellSlot(): void {
    this.#toldSlot = me;
    this.#worker.link.send(frame(FrameKind.Slot, { a: me }));
  }

  /** Has a process load the shared heap. Without one, it goes on without. */
  #offerWords(): void {
    const door = handleDoor();
    if (door === undefined || door.whyApart() !== undefined) return;
    const { link } = this.#worker;
    try {
      const row = new WordRow(mostTickets);
      link.send(frame(FrameKind.AheadWords, { a: link.parcels.wrap([row]) }));
      this.#offered = row.place;
    } catch {
      // The heap is full.
    }
  }

  #receive(f: Frame): void {
    if (this.#toldSlot !== me) this.#tellSlot();
    switch (f.kind) {
      case FrameKind.Outcome: {
        const task = this.#given.get(f.id);
        if (task === undefined) return;
        this.#given.delete(task);
        if (f.c !== 0) this.#ahead!.free(f.c);
        // Nearly all are plain.
        if (f.meta === '' && this.#undecoded === 0 && task.context === undefined && task.capsule.origin === undefined)
          return this.#outcome(task, f, f);
        return this.#decodedFor(task, f, (meta) => this.#outcome(task, f, incoming(f, meta)));
      }
      case FrameKind.ChunkOutcomes: {
        const task = this.#given.get(f.id);
        if (task === undefined) return;
        return this.#decodedFor(task, f, (meta) => this.#report(task, f, meta));
      }
      case FrameKind.Ready:
        this.#ending.isReady = true;
        publish('workerStarted', () => ({ kind: this.kind, pid: this.pid ?? 0, threadId: this.threadId }));
        this.#events.ready();
        if (this.#ahead !== undefined) this.#events.takesAhead();
        return;
      case FrameKind.SignalAborted:
        return this.#decoded(f, (meta) => abortImported(meta.name ?? '', this.#decodeOne(incoming(f, meta)).value));
      case FrameKind.Fatal:
        return this.#decoded(f, (meta) => {
          const origins = Array.from(this.#given, ({ capsule }) => capsule.origin ?? []).flat();
          this.#fatal = withOrigin(origins, () => this.#decodeOne(incoming(f, meta)).value);
        });
      case FrameKind.AbortSeen: {
        const task = this.#given.get(f.id);
        if (task !== undefined) task.unanswered--;
        return;
      }
      case FrameKind.Preparing: {
        const task = this.#given.get(f.id);
        return task === undefined ? undefined : this.#events.preparing(task, f.a === 1);
      }
      case FrameKind.Heavy:
        return this.#events.heavy();
      case FrameKind.AheadWords:
        this.#ahead = new AheadWords(this.#offered!);
        return this.#events.takesAhead();
      case FrameKind.PoolsWork:
        this.#ending.poolsWork();
        return this.#events.poolsWork(f.a === 1);
      case FrameKind.Progress: {
        const { done, total } = JSON.parse(f.meta) as { done: number; total?: number };
        const task = this.#given.get(f.id);
        return task === undefined ? undefined : this.#events.progress(task, done, total ?? null);
      }
      case FrameKind.Goodbye:
        this.#begun = new Set(JSON.parse(f.meta) as number[]);
        return;
      default:
        throw new Error(`a host does not expect a frame of kind ${f.kind}`);
    }
  }

  /** Does the same as `#decoded`, in the task's context if it has one, and leads stack traces to the task's own function. */
  #decodedFor({ context, capsule: { origin } }: Given, f: Frame, work: (meta: Meta) => void): void {
    const withFrames = origin === undefined ? work : (meta: Meta): void => withOrigin([origin], () => work(meta));
    this.#decoded(f, context === undefined ? withFrames : (meta) => context.runInAsyncScope(withFrames, undefined, meta));
  }

  /** Runs `work` when the modules that the frame names are there; nearly always at once. */
  #decoded(f: Frame, work: (meta: Meta) => void): void {
    const meta = metaOf(f);
    const ready = meta.modules === undefined ? undefined : prepare(incoming(f, meta));
    if (ready === undefined && this.#undecoded === 0) return work(meta);
    this.#undecoded++;
    const before = this.#lastDecoded;
    const go = (): void => {
      this.#undecoded--;
      work(meta);
      this.#ending.check();
    };
    // In the order they came. If an import fails, decoding will say so.
    this.#lastDecoded = Promise.allSettled([ready, before]).then(go);
  }

  #outcome(task: Given, f: Frame, packet: Encoded): void {
    let ok = f.a === 1;
    let value: unknown;
    try {
      value = decode(packet, this.#border);
    } catch (error) {
      ok = false;
      value = error;
    }
    this.#events.outcome(task, ok, value, f.b);
  }

  #decodeOne(packet: Encoded): Outcome {
    try {
      return { ok: true, value: decode(packet, this.#border) };
    } catch (error) {
      return { ok: false, value: error };
    }
  }

  #report(task: Given, f: Frame, meta: Meta): void {
    const { values, failed } = readOutcomes(incoming(f, meta), this.#border, meta.failed);
    const rest = { allowed: f.b, ms: f.c / 1000, bytes: weightOf(f), isCut: meta.isCut === true };
    this.#events.report(task, { first: f.a, values, failed, ...rest });
  }

  /** A chunk has had its last report. */
  chunkDone(task: Given): void {
    this.#given.delete(task);
  }

  #ended(ending: WorkerEnd): void {
    const end = this.#fatal === undefined ? ending : { ...ending, error: this.#fatal };
    publish('workerEnded', () => ({ kind: end.kind, pid: end.pid, threadId: end.threadId, exitCode: end.exitCode, signal: end.signal }));
    this.#events.ended(end, this.#ending.isReady ? (this.#begun ?? this.#countBegun()) : new Set());
  }

  /** Called for a worker that said no goodbye: returns the tasks that had begun, as far as its marks tell. */
  #countBegun(): ReadonlySet<number> | undefined {
    const count = this.#worker.begun.count();
    return count === null ? undefined : this.#given.begun(count);
  }
}
