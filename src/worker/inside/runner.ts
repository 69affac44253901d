/**
 * The inside of a worker: takes tasks from the link, runs them, sends their outcomes. Threads and processes share it.
 *
 *   TASK  ──▶ call-run.ts    ──▶ OUTCOME
 *   CHUNK ──▶ chunk-run.ts   ──▶ CHUNK_OUTCOMES …
 */

import { type Border, type Incoming, decode, holdThreadLocals, prepare, realmId } from '../../codec/index.ts';
import { setBeforeBlock } from '../../before-block.ts';
import { HeddleError } from '../../errors.ts';
import { tellThreadName } from '../../handles.ts';
import { Fifo } from '../../fifo.ts';
import { beginAhead, type WordsAt } from '../host/ahead.ts';
import type { BegunMark } from './begun-mark.ts';
import { type Begun, BegunTasks } from './begun-tasks.ts';
import { type CallOwner, CallRun } from './call-run.ts';
import { CapsuleShelf } from './capsule-shelf.ts';
import { ChunkRun } from './chunk-run.ts';
import { TaskContext, leave, runSeveral } from './current-task.ts';
import { type Frame, FrameKind, frame } from '../link/frame.ts';
import type { Link } from '../link/link.ts';
import { keepContextsApart } from './own-context.ts';
import { encodeOutcome, incoming, metaOf, packetFrame } from '../link/message.ts';
import { type Nesting, setNesting, watchImports } from './nesting.ts';
import { doPoolsWork, watchPools } from './own-pools.ts';
import type { LinkIdentity } from '../link/parcels.ts';
import { setIdentity } from '../start/process-identity.ts';
import { Replies } from './replies.ts';
import { SignalIntake } from './signal-intake.ts';
import { chooseMethod, type StartMethod } from '../start/start-method.ts';
import { TaskClock } from './task-clock.ts';
import { whenBoth } from './wait.ts';
import { monotonicNow, setImmediate, setInterval } from '../../real-timers.ts';

/** The first message of the host to a worker. */
export interface InitMeta {
  readonly realm: string;
  readonly script: string | undefined;
  /** The worker's name. */
  readonly name: string;
  readonly link: LinkIdentity;
  readonly nesting: Nesting;
  /** The name of the host's process. */
  readonly process: string;
  /** The start method that the program has chosen. */
  readonly method?: StartMethod | undefined;
  /** Tasks that run at a time; default 1. */
  readonly slots?: number;
  /** Bytes of memory from which on it asks to be replaced. */
  readonly maxMemory?: number;
}

/** The answer of a worker. */
export interface ReadyMeta {
  readonly realm: string;
  readonly pid: number;
}

/** Milliseconds between two signs of a worker that was told to end while its pools work. */
const tellEvery = 1000;
/** Milliseconds that tasks that were sent ahead may follow one another in one turn of the event loop. */
const longestRow = 1;
/** Milliseconds after which outcomes leave, though more will follow. */
const tellAfter = 0.2;
/** Microseconds: as much as a frame has room for. */
const maxTime = 0xffff_ffff;
const resolved = Promise.resolve();
/** The number of `ThreadLocal`s that a worker keeps alive between tasks: the latest ones. */
const threadLocalsHeld = 256;

export class Runner implements CallOwner {
  readonly #link: Link;
  readonly #exit: () => void;
  readonly #mark: BegunMark;
  #words: WordsAt | undefined;
  /** Tasks that were sent ahead and wait until there is room. */
  readonly #ahead: Fifo<Frame> = new Fifo();
  /** Tasks that run at a time. */
  #slots = 1;
  #isTakingUp = false;
  /** When this thread last let its event loop turn, or told its host of outcomes, while it takes up one task after another. */
  #turnedAt = 0;
  #toldAt = 0;
  readonly tasks: BegunTasks;
  border: Border;
  signals: SignalIntake;
  replies: Replies;
  #capsules: CapsuleShelf;
  /** The host has heard that the pools of this thread work. */
  #hasToldOfPools = false;
  #isClosing = false;

  /**
   * @param exit ends this worker in good order
   * @param mark where it tells that it begins a task
   * @param words the state of tasks that are sent ahead
   */
  constructor(link: Link, border: Border, exit: () => void, mark: BegunMark, words?: WordsAt) {
    this.#link = link;
    this.#exit = exit;
    this.#mark = mark;
    this.#words = words;
    this.tasks = new BegunTasks(link);
    this.border = border;
    this.#capsules = new CapsuleShelf(this.border);
    this.signals = new SignalIntake(this.border);
    this.replies = new Replies(link, this.border, Infinity);
  }

  start(): void {
    watchImports();
    keepContextsApart();
    holdThreadLocals(threadLocalsHeld);
    watchPools(() => this.#poolsChanged());
    setBeforeBlock(() => this.#link.flush());
    process.on('exit', () => this.#sayGoodbye());
    process.on('beforeExit', () => this.tasks.failStuck());
    process.on('uncaughtExceptionMonitor', (error) => this.#tellFatal(error));
    this.#link.parcels.onHeld = (f) => this.#held(f);
    this.#link.open({
      onFrame: (f) => this.#receive(f),
      onEnd: this.#exit,
      onUnsent: (f, error) => {
        if (f.kind === FrameKind.Outcome) this.replies.outcome(f.id, false, error);
      },
    });
  }

  #receive(f: Frame): void {
    switch (f.kind) {
      case FrameKind.Task:
        if (f.c === 0) return this.#beginTask(f);
        if (this.#ahead.length === 0) this.#turnedAt = this.#toldAt = monotonicNow();
        this.#ahead.push(f);
        return this.#takeUp();
      case FrameKind.Chunk:
        return this.#beginChunk(f);
      case FrameKind.Capsule:
        return this.#capsules.put(f);
      case FrameKind.Drop:
        return this.#capsules.drop(f.a);
      case FrameKind.SignalAborted:
        return this.signals.fire(f);
      case FrameKind.Abort:
        return this.#abort(f);
      case FrameKind.Curtail:
        return this.tasks.get(f.id)?.curtail?.();
      case FrameKind.Taken:
        return this.tasks.get(f.id)?.taken?.(f.a);
      case FrameKind.Slot:
        this.#link.parcels.identity = { ...this.#link.parcels.identity, slot: f.a };
        return;
      case FrameKind.AheadWords:
        void this.#openWords(f.a);
        return;
      case FrameKind.Init:
        return this.#init(JSON.parse(f.meta) as InitMeta);
      case FrameKind.Close:
        return this.#close(f.a === 1);
      default:
        throw new Error(`a worker does not expect a frame of kind ${f.kind}`);
    }
  }

  /** A frame has come that waits until the kinds of shared objects are loaded. */
  #held(f: Frame): void {
    if ((f.kind === FrameKind.Task || f.kind === FrameKind.Chunk) && metaOf(f).isTimed === true) this.replies.preparing(f.id, true);
  }

  #init(init: InitMeta): void {
    this.border = { ...this.border, peer: init.realm };
    this.#link.parcels.identity = init.link;
    tellThreadName(init.name);
    setNesting(init.nesting);
    if (this.border.kind === 'process') {
      setIdentity({ name: init.name, path: [], daemon: false, parent: { pid: process.ppid, name: init.process } });
      chooseMethod(init.method, true);
    }
    this.#capsules = new CapsuleShelf(this.border);
    this.signals = new SignalIntake(this.border);
    this.replies = new Replies(this.#link, this.border, init.maxMemory ?? Infinity);
    this.#slots = init.slots ?? 1;
    if (this.#slots > 1) runSeveral();
    // The user's functions see the arguments of their own program, not of the bootstrap file.
    process.argv.splice(1, process.argv.length, ...(init.script === undefined ? [] : [init.script]));
    const ready: ReadyMeta = { realm: realmId, pid: process.pid };
    this.#link.send(frame(FrameKind.Ready, { meta: JSON.stringify(ready) }));
    this.#link.flush();
  }

  // ---- what was sent ahead

  /** Loads the shared heap, beside what tasks do. Where that cannot be loaded, nothing is sent ahead. */
  async #openWords(parcel: number): Promise<void> {
    try {
      const { WordRow } = await import('../../memory/index.ts');
      const [row] = this.#link.parcels.unwrap(parcel);
      if (!(row instanceof WordRow)) return;
      this.#words = row.place;
    } catch {
      return; // the parcel goes with its link
    }
    this.#link.send(frame(FrameKind.AheadWords));
  }

  /** Begins the next when there is room. Each has a microtask of its own, so that what one leaves behind comes before the next. */
  #takeUp(): void {
    if (this.#isTakingUp || this.#ahead.length === 0 || this.tasks.size >= this.#slots) return;
    this.#isTakingUp = true;
    void resolved.then(this.#beginAhead);
  }

  readonly #beginAhead = (): void => {
    this.#isTakingUp = false;
    const now = monotonicNow();
    if (now - this.#turnedAt > longestRow) return this.#turn();
    if (now - this.#toldAt > tellAfter) {
      this.#toldAt = now;
      this.#link.flush();
    }
    while (this.#ahead.length > 0 && this.tasks.size < this.#slots) {
      const f = this.#ahead.shift()!;
      if (!beginAhead(this.#words!, f.c)) continue;
      this.#beginAtOnce(f);
      break;
    }
    this.#takeUp();
  };

  /** A failure here is not the task's. It must end the worker, and not as a rejection that user code may handle. */
  #beginAtOnce(f: Frame): void {
    try {
      this.#beginTask(f);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }

  /** Timers, and messages of the host such as an abort, must not wait indefinitely. */
  #turn(): void {
    this.#isTakingUp = true;
    this.#link.flush();
    setImmediate(() => {
      this.#turnedAt = this.#toldAt = monotonicNow();
      this.#beginAhead();
    });
  }

  // ---- single calls

  #beginTask(f: Frame): void {
    if (f.c === 0) this.#mark.begin();
    const meta = metaOf(f);
    const capsule = this.#capsules.get(f.a);
    const clock = meta.isTimed === true ? new TaskClock(f.id, this.replies.preparing) : undefined;
    const run = new CallRun(this, f, meta, capsule, new TaskContext(f.id, f.b, this.replies.progress, clock));
    // The waiters for ended tasks must not wait for this call as well.
    if (!capsule.isShort) this.#link.flush();
    this.tasks.add(f.id, run);
    run.begin();
  }

  callEnded({ id, ticket, context }: CallRun, isOk: boolean, value: unknown, ms: number): void {
    if (!this.tasks.delete(id)) return;
    leave(context);
    context.end();
    const { clock } = context;
    if (clock !== undefined) {
      clock.gives(value);
      clock.end();
    }
    const left = this.tasks.size;
    const isAlone = left === 0 && this.#ahead.length === 0;
    if (left === 0 && doPoolsWork()) this.#tellOfPools(left);
    this.replies.outcome(id, isOk, value, ticket, Math.min(maxTime, ms * 1000), isAlone);
    if (!isAlone) this.#takeUp();
  }

  // ---- chunks

  #beginChunk(f: Frame): void {
    this.#mark.begin();
    const { id } = f;
    const meta = metaOf(f);
    const capsule = this.#capsules.get(f.a);
    const packet = incoming(f, meta);
    const clock = meta.isTimed === true ? new TaskClock(id, this.replies.preparing) : undefined;
    const run = new ChunkRun({
      border: this.border,
      send: (report, signals) => this.replies.some(report, signals),
      sendLast: (report, signals) => {
        const left = this.tasks.size - 1;
        this.#tellOfPools(left);
        this.replies.last(report, signals, left === 0 && this.#ahead.length === 0);
      },
      tellProgress: this.replies.progress,
      frame: f,
      isSpread: meta.isSpread === true,
      isWhole: meta.isWhole === true,
      clock,
      attempt: meta.attempt ?? 1,
      lease: meta.lease ?? 1,
      rangeFrom: meta.rangeFrom,
      capsule,
      packet,
      onWait: () => this.tasks.wait(task, capsule.hasSignals || meta.hasSignals === true),
      onDone: (isCurtailed) => {
        this.tasks.delete(id);
        this.#tellOfPools(this.tasks.size);
        if (isCurtailed) this.replies.outcome(id, false, new HeddleError('the rest of the chunk was not wanted any more'));
      },
    });
    const task: Begun = {
      name: capsule.name,
      fail: (error) => run.fail(error),
      abort: (reason, index) => run.abort(reason, index),
      awaitsAbort: () => meta.isAbortable === true && run.hasSignal,
      curtail: () => run.curtail(),
      rescue: () => run.report(true),
      isWaiting: false,
    };
    this.tasks.add(id, task);
    const ready = whenBoth(capsule.prepared, prepare(packet));
    if (ready === undefined) return this.signals.decode(() => run.start());
    this.tasks.wait(task, false);
    clock?.stops();
    this.signals.wait(
      ready,
      () => this.signals.decode(() => run.start()),
      (error) => run.failAll(error),
    );
  }

  // ---- not wanted any more

  /** The host hears at once that we heard: a worker that is stuck in a loop cannot answer. */
  #abort(f: Frame): void {
    this.#link.send(frame(FrameKind.AbortSeen, { id: f.id }));
    const packet = incoming(f, metaOf(f));
    const tell = (): void => this.tasks.get(f.id)?.abort(this.#reasonIn(packet), f.b);
    const ready = prepare(packet);
    if (ready === undefined) tell();
    else ready.then(tell, tell);
  }

  #reasonIn(packet: Incoming): unknown {
    try {
      return decode(packet, this.border);
    } catch (error) {
      return new HeddleError('the reason of the abort could not be decoded', { cause: error });
    }
  }

  // ---- the end

  /** Ends, when the pools of this thread have done what they were given. The host hears that it must wait. */
  #close(isNow: boolean): void {
    // A task that runs is the initializer of a worker that is not needed.
    if (isNow || this.tasks.size > 0 || !doPoolsWork()) return this.#exit();
    if (this.#isClosing) return;
    this.#isClosing = true;
    const tell = (): void => {
      this.#link.send(frame(FrameKind.PoolsWork, { a: 1 }));
      this.#link.flush();
    };
    tell();
    setInterval(tell, tellEvery).unref();
  }

  /** The last task ends, and the pools go on: the host must know before it hears of that end. @param left tasks that go on */
  #tellOfPools(left: number): void {
    if (left > 0 || this.#hasToldOfPools || !doPoolsWork()) return;
    this.#hasToldOfPools = true;
    this.#link.send(frame(FrameKind.PoolsWork, { a: 1 }));
  }

  #poolsChanged(): void {
    if (doPoolsWork()) return this.#tellOfPools(this.tasks.size);
    if (!this.#hasToldOfPools && !this.#isClosing) return;
    // The waiter for the last result may have more work for them.
    setImmediate(() => {
      if (doPoolsWork()) return;
      if (this.#hasToldOfPools) this.#link.send(frame(FrameKind.PoolsWork, { a: 0 }));
      this.#hasToldOfPools = false;
      if (this.#isClosing) this.#exit();
    });
  }

  #tellFatal(error: unknown): void {
    // User code in the worker handles such errors: the worker will not end.
    if (process.listenerCount('uncaughtException') > 0) return;
    this.#link.send(packetFrame(FrameKind.Fatal, encodeOutcome(false, error, this.border).packet, {}));
    this.#link.flush();
  }

  /** Sends finished outcomes, and tells the host which tasks had begun: the others may run elsewhere. */
  #sayGoodbye(): void {
    this.tasks.rescue();
    this.replies.rescue();
    this.#link.send(frame(FrameKind.Goodbye, { meta: JSON.stringify(this.tasks.ids) }));
    this.#link.flush();
  }
}
