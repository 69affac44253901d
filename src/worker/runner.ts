/**
 * What runs inside a worker: takes tasks from the link, runs them, sends how they ended. Threads and processes share it.
 *
 *   TASK → prepare (import modules) → open the function → decode arguments → call → await → encode the outcome → OUTCOME
 *
 * While a task waits for something, the link does not keep the worker's event loop alive: if the loop then runs dry, nothing
 * is left that could ever settle the task, and it is rejected saying so.
 */

import { type Border, type ExportedSignal, type Incoming, abortImported, decode, prepare, realmId } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import type { BegunMark } from './begun-mark.ts';
import { CapsuleShelf } from './capsule-shelf.ts';
import { ChunkRun } from './chunk-run.ts';
import { TaskContext, callAs, leave, runSeveral } from './current-task.ts';
import { type Frame, FrameKind, frame } from './frame.ts';
import type { Link } from './link.ts';
import { encodeOutcome, incoming, metaOf, packetFrame } from './message.ts';
import { memoryUsed } from './memory-used.ts';
import { whenPrinted } from './output.ts';
import type { WorkerKind } from './running-worker.ts';
import { SignalWatch } from './signals.ts';
import { StreamRun } from './stream-run.ts';
import { isThenable, whenBoth } from './wait.ts';

/** What the host tells a worker first. */
export interface InitMeta {
  readonly realm: string;
  readonly script: string | undefined;
  /** Several tasks run at a time. */
  readonly isConcurrent?: true;
  /** Bytes of memory from which on it asks to be replaced. */
  readonly maxMemory?: number;
}

/** What a worker answers. */
export interface ReadyMeta {
  readonly realm: string;
  readonly pid: number;
}

/** A task that has begun. A single call settles by `fail` or by its outcome; a chunk also knows how far it is. */
interface Begun {
  readonly name: string;
  /** Ends it with this error; for a chunk the item that runs. */
  fail(error: unknown): void;
  /** It is not wanted any more, or took too long: of a chunk, item `index`. */
  abort(reason: unknown, index: number): void;
  /** Begin no further item. */
  curtail?(): void;
  /** The consumer of its stream has taken so many values. */
  taken?(count: number): void;
  /** The worker exits: send what is done. */
  rescue?(): void;
  /** Of a single call. */
  readonly context?: TaskContext;
  /** Counts among those whose waiting lets the loop run dry. */
  isWaiting: boolean;
  /** What may hold signals that came with the task: one that only its own listeners know could not be fired otherwise. */
  held?: unknown;
}

export class Runner {
  readonly #link: Link;
  readonly #kind: WorkerKind;
  readonly #exit: () => void;
  readonly #mark: BegunMark;
  readonly #begun: Map<number, Begun> = new Map();
  readonly #signals: SignalWatch;
  #border: Border;
  #capsules: CapsuleShelf;
  /** How many begun tasks wait for something in this worker. */
  #waiting = 0;
  /** Signals that fired while arguments that may hold them had not been decoded. */
  #firedEarly: { id: string; reason: unknown }[] = [];
  #undecoded = 0;
  /** Ends of tasks that wait until what they printed is out. */
  readonly #unprinted: Set<() => void> = new Set();
  #maxMemory = Infinity;

  /**
   * @param exit ends this worker in good order
   * @param mark where it tells that it begins a task
   */
  constructor(link: Link, kind: WorkerKind, exit: () => void, mark: BegunMark) {
    this.#link = link;
    this.#kind = kind;
    this.#exit = exit;
    this.#mark = mark;
    this.#border = { kind };
    this.#capsules = new CapsuleShelf(this.#border);
    this.#signals = new SignalWatch((id, reason) => {
      link.send(packetFrame(FrameKind.SignalAborted, encodeOutcome(false, reason, this.#border).packet, {}, { name: id }));
    });
  }

  start(): void {
    process.on('exit', () => this.#sayGoodbye());
    process.on('beforeExit', () => this.#failStuckTasks());
    process.on('uncaughtExceptionMonitor', (error) => this.#tellFatal(error));
    this.#link.open({
      onFrame: (f) => this.#receive(f),
      onEnd: this.#exit,
      onUnsent: (f, error) => {
        if (f.kind === FrameKind.Outcome) this.#sendOutcome(f.id, false, error);
      },
    });
  }

  #receive(f: Frame): void {
    switch (f.kind) {
      case FrameKind.Task:
        return this.#beginTask(f);
      case FrameKind.Chunk:
        return this.#beginChunk(f);
      case FrameKind.Capsule:
        return this.#capsules.put(f);
      case FrameKind.Drop:
        return this.#capsules.drop(f.a);
      case FrameKind.SignalAborted:
        return this.#fireSignal(f);
      case FrameKind.Abort:
        return this.#abort(f);
      case FrameKind.Curtail:
        return this.#begun.get(f.id)?.curtail?.();
      case FrameKind.Taken:
        return this.#begun.get(f.id)?.taken?.(f.a);
      case FrameKind.Init:
        return this.#init(JSON.parse(f.meta) as InitMeta);
      case FrameKind.Close:
        return this.#exit();
      default:
        throw new Error(`a worker does not expect a frame of kind ${f.kind}`);
    }
  }

  #init(init: InitMeta): void {
    this.#border = { kind: this.#kind, peer: init.realm };
    this.#capsules = new CapsuleShelf(this.#border);
    if (init.isConcurrent === true) runSeveral();
    this.#maxMemory = init.maxMemory ?? Infinity;
    // What the user's functions see is the program they were written for, not our bootstrap file.
    process.argv.splice(1, process.argv.length, ...(init.script === undefined ? [] : [init.script]));
    const ready: ReadyMeta = { realm: realmId, pid: process.pid };
    this.#link.send(frame(FrameKind.Ready, { meta: JSON.stringify(ready) }));
    this.#link.flush();
  }

  // ---- single calls

  #beginTask(f: Frame): void {
    this.#mark.begin();
    const meta = metaOf(f);
    const capsule = this.#capsules.get(f.a);
    const context = new TaskContext(f.id, f.b, this.#tellProgress);
    const task: Begun = {
      name: capsule.name,
      fail: (error) => this.#settle(f.id, false, error),
      abort: (reason) => context.abort(reason),
      context,
      isWaiting: false,
    };
    this.#begun.set(f.id, task);
    const packet = incoming(f, meta);
    const holdsLink = capsule.hasSignals || meta.hasSignals === true;
    const returned = (value: unknown): void => {
      if (meta.isStream === true) this.#beginStream(f.id, task, value, context, holdsLink);
      else this.#settle(f.id, true, value);
    };
    const call = (): void => {
      let value: unknown;
      try {
        const fn = capsule.open() as (...args: unknown[]) => unknown;
        const args = this.#decode(() => decode(packet, this.#border)) as unknown[];
        if (holdsLink) task.held = [fn, args];
        value = callAs(context, fn, args);
        if (!isThenable(value)) return returned(value);
      } catch (error) {
        return this.#settle(f.id, false, error);
      }
      this.#wait(task, holdsLink);
      Promise.resolve(value).then(returned, (error: unknown) => this.#settle(f.id, false, error));
    };
    const ready = whenBoth(capsule.prepared, prepare(packet));
    if (ready === undefined) return call();
    this.#undecoded++;
    this.#wait(task, holdsLink);
    ready.then(
      () => {
        this.#undecoded--;
        if (this.#begun.get(f.id) === task) call();
      },
      (error: unknown) => {
        this.#undecoded--;
        this.#settle(f.id, false, error);
      },
    );
  }

  /** The task has given what its values come from. */
  #beginStream(id: number, task: Begun, source: unknown, context: TaskContext, holdsLink: boolean): void {
    // It may have been given up while it was waited for.
    if (this.#begun.get(id) !== task) return;
    try {
      const run = new StreamRun(source, {
        id,
        border: this.#border,
        context,
        send: (values, signals) => {
          this.#link.send(values);
          this.#link.flush();
          if (signals.length > 0) this.#signals.watch(signals);
        },
        ended: (isOk, error) => this.#settle(id, isOk, error),
        waits: (isForValue) => (isForValue ? this.#wait(task, holdsLink) : this.#resume(task)),
      });
      task.abort = (reason) => {
        context.abort(reason);
        run.close();
      };
      task.taken = (count) => run.taken(count);
      task.rescue = () => run.flush();
      run.pump();
    } catch (error) {
      this.#settle(id, false, error);
    }
  }

  #settle(id: number, isOk: boolean, value: unknown): void {
    const context = this.#begun.get(id)?.context;
    if (!this.#forget(id)) return;
    if (context !== undefined) {
      leave(context);
      context.end();
    }
    this.#sendOutcome(id, isOk, value);
  }

  #sendOutcome(id: number, isOk: boolean, value: unknown): void {
    const { isOk: isStillOk, packet } = encodeOutcome(isOk, value, this.#border);
    this.#weigh();
    this.#sendPrinted(packetFrame(FrameKind.Outcome, packet, { id, a: isStillOk ? 1 : 0 }), packet.signals);
  }

  /** Sends the end of a task, behind what it printed. */
  #sendPrinted(f: Frame, signals: readonly ExportedSignal[]): void {
    const send = (): void => {
      this.#unprinted.delete(send);
      this.#link.send(f);
      if (signals.length > 0) this.#signals.watch(signals);
    };
    this.#unprinted.add(send);
    if (!whenPrinted(send)) send();
  }

  // ---- chunks

  #beginChunk(f: Frame): void {
    this.#mark.begin();
    const meta = metaOf(f);
    const capsule = this.#capsules.get(f.a);
    const packet = incoming(f, meta);
    const run = new ChunkRun({
      border: this.#border,
      send: (report, signals) => {
        this.#link.send(report);
        this.#link.flush();
        if (signals.length > 0) this.#signals.watch(signals);
      },
      sendLast: (report, signals) => {
        this.#weigh();
        this.#sendPrinted(report, signals);
      },
      tellProgress: this.#tellProgress,
      frame: f,
      isSpread: meta.isSpread === true,
      isExact: meta.isExact === true,
      attempt: meta.attempt ?? 1,
      capsule,
      packet,
      onWait: () => this.#wait(task, capsule.hasSignals || meta.hasSignals === true),
      onDone: (isCurtailed) => {
        this.#forget(f.id);
        if (isCurtailed) this.#sendOutcome(f.id, false, new HeddleError('the rest of the chunk was not wanted any more'));
      },
    });
    const task: Begun = {
      name: capsule.name,
      fail: (error) => run.fail(error),
      abort: (reason, index) => run.abort(reason, index),
      curtail: () => run.curtail(),
      rescue: () => run.report(true),
      isWaiting: false,
    };
    this.#begun.set(f.id, task);
    const ready = whenBoth(capsule.prepared, prepare(packet));
    if (ready === undefined) return this.#decode(() => run.start());
    this.#undecoded++;
    this.#wait(task, false);
    ready.then(
      () => {
        this.#undecoded--;
        this.#decode(() => run.start());
      },
      (error: unknown) => {
        this.#undecoded--;
        run.failAll(error);
      },
    );
  }

  // ---- waiting, and never being settled

  #wait(task: Begun, holdsLink: boolean): void {
    if (task.isWaiting) return;
    if (!holdsLink) {
      task.isWaiting = true;
      this.#waiting++;
    }
    this.#refreshRef();
  }

  /** It waits for its host, not for anything here. */
  #resume(task: Begun): void {
    if (!task.isWaiting) return;
    task.isWaiting = false;
    this.#waiting--;
    this.#refreshRef();
  }

  #forget(id: number): boolean {
    const task = this.#begun.get(id);
    if (task === undefined) return false;
    this.#begun.delete(id);
    if (task.isWaiting) this.#waiting--;
    if (task.isWaiting || this.#begun.size > 0) this.#refreshRef();
    return true;
  }

  /** The link keeps the loop alive unless every begun task waits for something of this worker's own. */
  #refreshRef(): void {
    if (this.#waiting > 0 && this.#waiting === this.#begun.size) this.#link.unref();
    else this.#link.ref();
  }

  #failStuckTasks(): void {
    const stuck = [...this.#begun.values()].filter((task) => task.isWaiting);
    if (stuck.length === 0) return;
    for (const task of stuck) {
      task.fail(
        new HeddleError(`${task.name} can never settle: it waits for a promise, but nothing is left in its worker that could settle it`),
      );
    }
    this.#refreshRef();
    this.#link.flush();
    // A chunk may wait for its next item already: the loop has to run dry once more for us to be asked again.
    setImmediate(() => {});
  }

  // ---- not wanted any more

  /** The host hears at once that we heard: a worker that is stuck in a loop cannot answer. */
  #abort(f: Frame): void {
    this.#link.send(frame(FrameKind.AbortSeen, { id: f.id }));
    const packet = incoming(f, metaOf(f));
    const tell = (): void => this.#begun.get(f.id)?.abort(this.#reasonIn(packet), f.b);
    const ready = prepare(packet);
    if (ready === undefined) tell();
    else ready.then(tell, tell);
  }

  #reasonIn(packet: Incoming): unknown {
    try {
      return decode(packet, this.#border);
    } catch (error) {
      return new HeddleError('the reason of the abort could not be decoded', { cause: error });
    }
  }

  readonly #tellProgress = (id: number, done: number, total: number | undefined): void => {
    this.#link.send(frame(FrameKind.Progress, { id, meta: JSON.stringify({ done, total }) }));
  };

  /** Asks, before the host hears of the end of a task and sends the next, to be replaced. */
  #weigh(): void {
    if (this.#maxMemory === Infinity || memoryUsed(this.#kind) <= this.#maxMemory) return;
    this.#maxMemory = Infinity;
    this.#link.send(frame(FrameKind.Heavy));
  }

  // ---- signals

  #fireSignal(f: Frame): void {
    const meta = metaOf(f);
    const id = meta.name ?? '';
    const fire = (): void => {
      const reason = decode(incoming(f, meta), this.#border);
      if (this.#undecoded > 0) this.#firedEarly.push({ id, reason });
      abortImported(id, reason);
    };
    const ready = prepare(incoming(f, meta));
    if (ready === undefined) fire();
    else ready.then(fire, () => abortImported(id, new HeddleError('the reason of the abort could not be decoded')));
  }

  /** Decodes what may hold signals, some of which may have fired while its modules were imported. */
  #decode<T>(work: () => T): T {
    const result = work();
    if (this.#firedEarly.length > 0) {
      for (const { id, reason } of this.#firedEarly) abortImported(id, reason);
      if (this.#undecoded === 0) this.#firedEarly = [];
    }
    return result;
  }

  // ---- the end

  #tellFatal(error: unknown): void {
    // Somebody in the worker handles such errors: it will not end.
    if (process.listenerCount('uncaughtException') > 0) return;
    this.#link.send(packetFrame(FrameKind.Fatal, encodeOutcome(false, error, this.#border).packet, {}));
    this.#link.flush();
  }

  /** What is done but not sent leaves now, and the host hears which tasks had begun: the others it may run elsewhere. */
  #sayGoodbye(): void {
    for (const task of this.#begun.values()) task.rescue?.();
    for (const send of this.#unprinted) send();
    this.#link.send(frame(FrameKind.Goodbye, { meta: JSON.stringify([...this.#begun.keys()]) }));
    this.#link.flush();
  }
}
