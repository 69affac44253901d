/**
 * The host's end of one worker: starts it, sends it tasks, and tells how they, and it, ended.
 *
 *   starting --READY--> ready --stop()--> stopping --> ended
 *       \________________________\____________________/     whatever ends it, `ended` is called once, at last
 */

import {
  type Border,
  type Capsule,
  type Encoded,
  type Origin,
  type Packet,
  abortImported,
  decode,
  prepare,
  realmId,
  withOrigin,
} from '../codec/index.ts';
import type { WorkerEnd } from '../errors.ts';
import { publish } from '../events.ts';
import { handleDoor } from '../handles.ts';
import { me, WordRow } from '../memory/index.ts';
import { clearTimeout, nextTick, setTimeout } from '../real-timers.ts';
import { AheadWords, mostTickets, type WordsAt } from './ahead.ts';
import { type Frame, FrameKind, frame, wholeChunk } from './frame.ts';
import { HeldCapsules } from './held-capsules.ts';
import { type Meta, type Outcomes, encodeOutcome, incoming, metaOf, packetFrame, readOutcomes, weightOf } from './message.ts';
import { nestingBelow } from './nesting.ts';
import { startProcess } from './process.ts';
import { identity } from './process-identity.ts';
import type { InitMeta } from './runner.ts';
import type { ResourceLimits, RunningWorker, WorkerKind } from './running-worker.ts';
import { abortFrame, SignalWatch } from './signals.ts';
import { chosenMethod } from './start-method.ts';
import { startThread } from './thread.ts';

/** How a task or an item ended: with a value, or with an error. */
export interface Outcome {
  readonly ok: boolean;
  readonly value: unknown;
  /** Microseconds that a worker spent on a single call. */
  readonly us?: number;
}

/** What a chunk's worker reports: outcomes from item `first` on. Items from `allowed` on have not begun. */
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
  outcome(id: number, outcome: Outcome): void;
  report(id: number, report: ChunkReport): void;
  /** What a task tells of itself. */
  progress(id: number, done: number, total: number | null): void;
  /** Heddle works for a task, such as imports what it needs; or the task's own code runs. Told only of timed tasks. */
  preparing(id: number, isPreparing: boolean): void;
  /** It has more memory than `maxMemory`, and is to be replaced. */
  heavy(): void;
  /** Its own pools have work that no task of it waits for, or have none any more. */
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
  /** Its pool was first used by code that no task ran (`nesting.ts`). */
  readonly isUnasked?: boolean;
}

/** Where code of a caller's runs that is called later: an `AsyncResource`, or what leads to one without keeping it. */
export interface CallerContext {
  runInAsyncScope<This, Args extends unknown[], R>(work: (this: This, ...args: Args) => R, self?: This, ...args: Args): R;
}

export interface Call {
  readonly id: number;
  readonly capsule: Capsule;
  readonly args: Packet;
  /** From 1. */
  readonly attempt: number;
  /** Somebody may abort it: it may wait for that. */
  readonly isAbortable: boolean;
  /** The host measures the time of its code. */
  readonly isTimed: boolean;
  /** The function's result is iterated over, and each value reported. */
  readonly isStream: boolean;
  /** Its outcome is decoded, and told, in this async context: there is code of the caller's to run. */
  readonly context?: CallerContext | undefined;
}

/** Items of a map that travel together. */
export interface ChunkCall {
  readonly id: number;
  readonly capsule: Capsule;
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
  /** The host measures the time of each item: it is to be reported before the next begins. */
  readonly isTimed: boolean;
  readonly isAbortable: boolean;
  /** As a call's. */
  readonly context?: CallerContext | undefined;
  /** The worker must run all items, however big their results are. */
  readonly isWhole: boolean;
}

/** The host counts what a worker has begun at least this often, so that the worker never runs out of room to mark it. */
const countEvery = 10_000;
/** A process has had so many tasks when it is told to load what it needs for tasks that are sent ahead. */
const wordsAfter = 200;
/** How long a worker may take to end after it was told to. Then it is killed: a leftover endless loop must not hold us up. */
const patience = 5000;
/** Frames of a dead worker that are still on their way arrive within this time. */
const drainTime = 1000;

export class WorkerHandle {
  readonly kind: WorkerKind;
  readonly #events: WorkerEvents;
  readonly #worker: RunningWorker;
  readonly #border: Border;
  readonly #signals: SignalWatch;
  readonly #held: HeldCapsules;
  /** The state of tasks that are sent ahead; undefined as long as none are. */
  #ahead: AheadWords | undefined;
  /** Where they are, until the worker has them, too. */
  #offered: WordsAt | undefined;
  /** Tasks it was given and has not ended. */
  #inFlight = 0;
  /** Tasks it was sent, and for those that have not ended which of them each was: they begin in this order. */
  #sent = 0;
  readonly #sentAs: Map<number, number> = new Map();
  /** Inline closures that errors may lead to, by task that has not ended. */
  readonly #origins: Map<number, Origin> = new Map();
  /** Of tasks that have one and have not ended. */
  readonly #contexts: Map<number, CallerContext> = new Map();
  /** Messages whose modules are being imported before they can be decoded. */
  #undecoded = 0;
  #lastDecoded: Promise<void> | undefined;
  #fatal: unknown;
  #begun: ReadonlySet<number> | undefined;
  #end: WorkerEnd | undefined;
  #isLinkOpen = true;
  #isReady = false;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds it has to end from the moment it was told, or last said that its pools work. */
  #toEnd: number | undefined;
  /** Tasks it was told to stop, and how often it has not answered that it heard. */
  readonly #unanswered: Map<number, number> = new Map();
  /** This thread's slot in the shared heap, as the worker knows it. */
  #toldSlot: number = me;

  /** @throws if the system refuses to start it at once */
  constructor(kind: WorkerKind, options: WorkerOptions, events: WorkerEvents) {
    this.kind = kind;
    this.#events = events;
    this.#border = { kind };
    const startOptions = { ...options, isBusy: () => this.#inFlight > 0 };
    this.#worker = kind === 'thread' ? startThread(startOptions) : startProcess(startOptions);
    const { link, ahead } = this.#worker;
    this.#ahead = ahead;
    this.#signals = new SignalWatch((id, reason) => link.send(abortFrame(id, reason, this.#border)));
    this.#held = new HeldCapsules(link);
    link.open({
      onFrame: (f) => this.#receive(f),
      onEnd: () => this.#linkEnded(),
      onUnsent: (f, error) => {
        if (f.kind !== FrameKind.Task && f.kind !== FrameKind.Chunk) return;
        this.#inFlight--;
        // Told during the call that sent it: it was the last one.
        this.#sent--;
        this.#sentAs.delete(f.id);
        this.#origins.delete(f.id);
        this.#contexts.delete(f.id);
        // The pool is in the middle of sending it.
        nextTick(() => this.#events.outcome(f.id, { ok: false, value: error }));
      },
    });
    link.unref();
    this.#worker.onGone((end) => this.#gone(end));
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

  get pid(): number | null {
    return this.#worker.pid;
  }

  get threadId(): number | null {
    return this.#worker.threadId;
  }

  /**
   * Calls the function with the arguments in the packet.
   *
   * @param isRevocable it gets a ticket, by which it can be taken back until the worker begins it
   * @param isAhead the worker is busy, and begins it when it has room
   * @returns its ticket; 0 when it has none, because there is none now
   */
  call(
    { id, capsule, args, attempt, isAbortable, isTimed, isStream, context }: Call,
    isRevocable: boolean = false,
    isAhead: boolean = false,
  ): number {
    const ticket = isRevocable && this.#ahead !== undefined ? this.#ahead.claim() : 0;
    if (context !== undefined) this.#contexts.set(id, context);
    const number = this.#held.give(capsule);
    let meta: Meta | undefined = isStream ? { isStream } : undefined;
    if (isAbortable) meta = { ...meta, isAbortable };
    if (isTimed) meta = { ...meta, isTimed };
    this.#send(packetFrame(FrameKind.Task, args, { id, a: number, b: attempt, c: ticket }, meta), capsule, args, isAhead);
    return ticket;
  }

  /** @returns false when the worker has begun it */
  takeBack(id: number, ticket: number): boolean {
    if (!this.#ahead!.takeBack(ticket)) return false;
    this.#inFlight--;
    this.#origins.delete(id);
    this.#contexts.delete(id);
    return true;
  }

  /** Whether the worker has begun a task that was sent ahead and has not ended. */
  hasBegun(ticket: number): boolean {
    return this.#ahead!.hasBegun(ticket);
  }

  /** The consumer of a stream has taken so many more of its values. */
  taken(id: number, count: number): void {
    this.#worker.link.send(frame(FrameKind.Taken, { id, a: count }));
  }

  /** Calls the function with each of the chunk's items. */
  callEach({
    id,
    capsule,
    packet,
    rangeFrom,
    isSpread,
    from,
    to,
    attempt,
    lease,
    isTimed,
    isAbortable,
    isWhole,
    context,
  }: ChunkCall): void {
    if (context !== undefined) this.#contexts.set(id, context);
    const number = this.#held.give(capsule);
    let meta: Meta | undefined = isSpread ? { isSpread } : undefined;
    if (isTimed) meta = { ...meta, isTimed };
    if (isAbortable) meta = { ...meta, isAbortable };
    if (isWhole) meta = { ...meta, isWhole };
    if (attempt > 1) meta = { ...meta, attempt };
    if (lease > 1) meta = { ...meta, lease };
    if (rangeFrom !== undefined) meta = { ...meta, rangeFrom };
    this.#send(packetFrame(FrameKind.Chunk, packet, { id, a: number, b: to, c: from }, meta), capsule, packet);
  }

  /** Tells a task, or item `index` of a chunk (default: all that are left), that it is not wanted any more or takes too long. */
  abort(id: number, reason: unknown, index: number = wholeChunk): void {
    this.#unanswered.set(id, (this.#unanswered.get(id) ?? 0) + 1);
    this.#worker.link.send(packetFrame(FrameKind.Abort, encodeOutcome(false, reason, this.#border).packet, { id, b: index }));
    this.#worker.link.flush();
  }

  /** Whether it has heard of that. */
  hasAnswered(id: number): boolean {
    return this.#unanswered.get(id) === 0;
  }

  /** Lets a chunk begin no further item. */
  curtail(id: number): void {
    this.#worker.link.send(frame(FrameKind.Curtail, { id }));
  }

  /**
   * Lets it end in good order, when its own pools have done their work.
   *
   * @param grace milliseconds after which it is killed, unless it says meanwhile that its pools work
   * @param isNow it does not wait for its pools
   */
  stop(grace: number = patience, isNow: boolean = false): void {
    if (this.#end !== undefined) return;
    this.#worker.link.send(frame(FrameKind.Close, { a: isNow ? 1 : 0 }));
    this.#worker.link.flush();
    this.#toEnd ??= grace;
    this.#timer ??= killLater(this.#worker, grace);
  }

  #poolsWork(doWork: boolean): void {
    if (this.#toEnd !== undefined && this.#end === undefined) {
      clearTimeout(this.#timer);
      this.#timer = killLater(this.#worker, this.#toEnd);
    }
    this.#events.poolsWork(doWork);
  }

  /** Ends it mid-work. A process hears of `SIGTERM`, and has `grace` milliseconds to make an end. */
  kill(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL', grace: number = patience): void {
    if (this.#end !== undefined) return;
    // A thread that is terminated while it loads its modules leaves their descriptors open: it ends when it has them.
    if (this.kind === 'thread' && !this.#isReady) return this.stop();
    this.#worker.kill(signal);
    if (signal !== 'SIGTERM') return;
    clearTimeout(this.#timer);
    this.#timer = killLater(this.#worker, grace);
  }

  #send(f: Frame, capsule: Capsule, packet: Packet, isAhead: boolean = false): void {
    const { link } = this.#worker;
    this.#tellSlot();
    const hasTicket = f.kind === FrameKind.Task && f.c !== 0;
    this.#inFlight++;
    if (!hasTicket) this.#sentAs.set(f.id, ++this.#sent);
    if (capsule.origin !== undefined) this.#origins.set(f.id, capsule.origin);
    if (this.#sent % countEvery === 0) this.#worker.begun.count();
    if (this.#sent === wordsAfter && this.#ahead === undefined) this.#offerWords();
    if (isAhead) link.send(f);
    else link.sendNow(f);
    if (capsule.packet.signals.length > 0) this.#signals.watch(capsule.packet.signals);
    if (packet.signals.length > 0) this.#signals.watch(packet.signals);
  }

  /** What the worker sends lives as long as its host does. */
  #tellSlot(): void {
    if (this.#toldSlot === me) return;
    this.#toldSlot = me;
    this.#worker.link.send(frame(FrameKind.Slot, { a: me }));
  }

  /** Has a process load the shared heap. Where there is none, it goes on without. */
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
    this.#tellSlot();
    switch (f.kind) {
      case FrameKind.Outcome:
        this.#inFlight--;
        if (f.c === 0) this.#sentAs.delete(f.id);
        else this.#ahead!.free(f.c);
        if (this.#unanswered.size > 0) this.#unanswered.delete(f.id);
        // Nearly all are plain.
        if (f.meta === '' && this.#undecoded + this.#contexts.size + this.#origins.size === 0) return this.#outcome(f, f);
        return this.#decodedFor(f, true, (meta) => this.#outcome(f, incoming(f, meta)));
      case FrameKind.ChunkOutcomes:
        return this.#decodedFor(f, false, (meta) => this.#report(f, meta));
      case FrameKind.Ready:
        this.#isReady = true;
        publish('workerStarted', () => ({ kind: this.kind, pid: this.pid ?? 0, threadId: this.threadId }));
        this.#events.ready();
        if (this.#ahead !== undefined) this.#events.takesAhead();
        return;
      case FrameKind.SignalAborted:
        return this.#decoded(f, (meta) => abortImported(meta.name ?? '', this.#decodeOne(incoming(f, meta)).value));
      case FrameKind.Fatal:
        return this.#decoded(f, (meta) => {
          this.#fatal = withOrigin([...this.#origins.values()], () => this.#decodeOne(incoming(f, meta)).value);
        });
      case FrameKind.AbortSeen:
        if (this.#unanswered.has(f.id)) this.#unanswered.set(f.id, this.#unanswered.get(f.id)! - 1);
        return;
      case FrameKind.Preparing:
        return this.#events.preparing(f.id, f.a === 1);
      case FrameKind.Heavy:
        return this.#events.heavy();
      case FrameKind.AheadWords:
        this.#ahead = new AheadWords(this.#offered!);
        return this.#events.takesAhead();
      case FrameKind.PoolsWork:
        return this.#poolsWork(f.a === 1);
      case FrameKind.Progress: {
        const { done, total } = JSON.parse(f.meta) as { done: number; total?: number };
        return this.#events.progress(f.id, done, total ?? null);
      }
      case FrameKind.Goodbye:
        this.#begun = new Set(JSON.parse(f.meta) as number[]);
        return;
      default:
        throw new Error(`a host does not expect a frame of kind ${f.kind}`);
    }
  }

  /** Does the same as `#decoded`, in the task's context if it has one, and leads stack traces to the task's own function. */
  #decodedFor(f: Frame, isLast: boolean, work: (meta: Meta) => void): void {
    const context = this.#contexts.size === 0 ? undefined : this.#contexts.get(f.id);
    if (context === undefined) return this.#decodedAs(f, isLast, work);
    if (isLast) this.#contexts.delete(f.id);
    this.#decodedAs(f, isLast, (meta) => context.runInAsyncScope(work, undefined, meta));
  }

  #decodedAs(f: Frame, isLast: boolean, work: (meta: Meta) => void): void {
    const origin = this.#origins.size === 0 ? undefined : this.#origins.get(f.id);
    if (origin === undefined) return this.#decoded(f, work);
    if (isLast) this.#origins.delete(f.id);
    this.#decoded(f, (meta) => withOrigin([origin], () => work(meta)));
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
      this.#maybeEnded();
    };
    // In the order they came. If an import fails, decoding will say so.
    this.#lastDecoded = Promise.allSettled([ready, before]).then(go);
  }

  #outcome(f: Frame, packet: Encoded): void {
    let ok = f.a === 1;
    let value: unknown;
    try {
      value = decode(packet, this.#border);
    } catch (error) {
      ok = false;
      value = error;
    }
    this.#events.outcome(f.id, { ok, value, us: f.b });
  }

  #decodeOne(packet: Encoded): Outcome {
    try {
      return { ok: true, value: decode(packet, this.#border) };
    } catch (error) {
      return { ok: false, value: error };
    }
  }

  #report(f: Frame, meta: Meta): void {
    const { values, failed } = readOutcomes(incoming(f, meta), this.#border, meta.failed);
    const rest = { allowed: f.b, ms: f.c / 1000, bytes: weightOf(f), isCut: meta.isCut === true };
    this.#events.report(f.id, { first: f.a, values, failed, ...rest });
  }

  /** A chunk has had its last report. */
  chunkDone(id: number): void {
    this.#inFlight--;
    this.#sentAs.delete(id);
    this.#origins.delete(id);
    this.#contexts.delete(id);
    this.#unanswered.delete(id);
  }

  // ---- the end: gone, everything it sent read, everything decoded

  #gone(end: WorkerEnd): void {
    this.#end = end;
    clearTimeout(this.#timer);
    // A grandchild may hold the other end of the link open.
    if (this.#isLinkOpen) this.#timer = setTimeout(() => this.#linkEnded(), drainTime).unref();
    this.#maybeEnded();
  }

  #linkEnded(): void {
    this.#isLinkOpen = false;
    clearTimeout(this.#timer);
    this.#worker.link.close();
    this.#worker.link.parcels.drop();
    this.#signals.stop();
    // Without its link a worker is of no use. It ends by itself when it sees that; one that is stuck does not see it.
    if (this.#end === undefined) this.#timer = setTimeout(() => this.kill(), patience).unref();
    this.#maybeEnded();
  }

  #maybeEnded(): void {
    if (this.#end === undefined || this.#isLinkOpen || this.#undecoded > 0 || this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    const end = this.#fatal === undefined ? this.#end : { ...this.#end, error: this.#fatal };
    publish('workerEnded', () => ({ kind: end.kind, pid: end.pid, threadId: end.threadId, exitCode: end.exitCode, signal: end.signal }));
    this.#events.ended(end, this.#isReady ? (this.#begun ?? this.#countBegun()) : new Set());
  }

  /** It said no goodbye: which of its tasks had begun, as far as its marks tell. */
  #countBegun(): ReadonlySet<number> | undefined {
    const count = this.#worker.begun.count();
    if (count === null) return undefined;
    const begun = this.#sent - ((this.#sent - count) >>> 0);
    return new Set([...this.#sentAs].filter(([, nth]) => nth <= begun).map(([id]) => id));
  }
}

function killLater(worker: RunningWorker, ms: number): NodeJS.Timeout | undefined {
  return ms === Infinity ? undefined : setTimeout(() => worker.kill('SIGKILL'), ms).unref();
}
