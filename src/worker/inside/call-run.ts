/**
 * One call of a function in a worker, from its frame to its outcome.
 *
 *   frame ──▶ prepare (import modules) ──▶ open the function, decode the arguments ──▶ call ──▶ await ──▶ settle
 *                                                                                       `──▶ a stream: values, then settle
 *
 * The object is the one record of the call in the worker.
 */

import { type Border, decode, type Incoming, prepare } from '../../codec/index.ts';
import { monotonicNow } from '../../real-timers.ts';
import { isThenable } from '../../thenable.ts';
import type { Begun, BegunTasks } from './begun-tasks.ts';
import type { HeldCapsule } from './capsule-shelf.ts';
import { type TaskContext, callAs } from './current-task.ts';
import type { Frame } from '../link/frame.ts';
import { incoming, type Meta } from '../link/message.ts';
import type { Replies } from './replies.ts';
import type { SignalIntake } from './signal-intake.ts';
import { StreamRun } from './stream-run.ts';
import { areFew } from './task-clock.ts';
import { whenBoth } from './wait.ts';

/** Milliseconds: outcomes leave before a call of a function whose last call took as long. */
const short = 0.1;

/** The runner that has the call. */
export interface CallOwner {
  readonly border: Border;
  readonly tasks: BegunTasks;
  readonly signals: SignalIntake;
  readonly replies: Replies;
  /** Hears of the end. @param ms milliseconds that the call took */
  callEnded(run: CallRun, isOk: boolean, value: unknown, ms: number): void;
}

export class CallRun implements Begun {
  declare readonly id: number;
  /** The ticket of a call that was sent ahead, or 0. */
  declare readonly ticket: number;
  declare readonly context: TaskContext;
  declare isWaiting: boolean;
  declare held: unknown;
  /** Hears what the consumer of a stream has taken. */
  declare taken?: (count: number) => void;
  declare rescue?: () => void;
  readonly #owner: CallOwner;
  readonly #capsule: HeldCapsule;
  readonly #packet: Incoming;
  readonly #meta: Meta;
  readonly #begunAt: number;
  #stream: StreamRun | undefined;

  constructor(owner: CallOwner, f: Frame, meta: Meta, capsule: HeldCapsule, context: TaskContext) {
    this.id = f.id;
    this.ticket = f.c;
    this.context = context;
    this.isWaiting = false;
    this.held = undefined;
    this.#owner = owner;
    this.#capsule = capsule;
    this.#packet = incoming(f, meta);
    this.#meta = meta;
    this.#begunAt = monotonicNow();
  }

  get name(): string {
    return this.#capsule.name;
  }

  /** True if the event that the call waits for may come from the host. */
  get #hearsHost(): boolean {
    return this.#capsule.hasSignals || this.#meta.hasSignals === true;
  }

  begin(): void {
    const ready = whenBoth(this.#capsule.prepared, prepare(this.#packet));
    if (ready === undefined) return this.#call();
    const { tasks, signals } = this.#owner;
    tasks.wait(this, this.#hearsHost);
    this.context.clock?.stops();
    signals.wait(
      ready,
      () => {
        // The task may have been given up, or aborted, while it was prepared.
        if (tasks.get(this.id) !== this) return;
        const { aborted } = this.context;
        if (aborted === undefined) this.#call();
        else this.fail(aborted.reason);
      },
      (error) => this.fail(error),
    );
  }

  #call(): void {
    const { context } = this;
    const { clock } = context;
    let value: unknown;
    let isPending: boolean;
    try {
      if (clock !== undefined && !(this.#capsule.opensFast && areFew(this.#packet.bytes))) clock.stops();
      const fn = this.#capsule.open() as (...args: unknown[]) => unknown;
      const args = this.#arguments();
      if (this.#hearsHost) this.held = [fn, args];
      clock?.runs();
      value = callAs(context, fn, args);
      isPending = isThenable(value);
    } catch (error) {
      return this.#settle(false, error);
    }
    // A failure from here on is not the task's: it must end the worker, so that the host learns of it.
    if (!isPending) return this.#returned(value);
    this.#owner.tasks.wait(this, this.#hearsHost);
    Promise.resolve(value).then(
      (result) => this.#returned(result),
      (error: unknown) => this.fail(error),
    );
  }

  #arguments(): unknown[] {
    const { signals, border } = this.#owner;
    if (signals.isQuiet) return decode(this.#packet, border) as unknown[];
    return signals.decode(() => decode(this.#packet, border)) as unknown[];
  }

  #returned(value: unknown): void {
    if (this.#meta.isStream === true) this.#beginStream(value);
    else this.#settle(true, value);
  }

  #settle(isOk: boolean, value: unknown): void {
    const ms = monotonicNow() - this.#begunAt;
    this.#capsule.isShort = ms < short;
    this.#owner.callEnded(this, isOk, value, ms);
  }

  /** Sends values from what the function has returned. */
  #beginStream(source: unknown): void {
    const { tasks, border, replies } = this.#owner;
    // The task may have been given up meanwhile.
    if (tasks.get(this.id) !== this) return;
    const ended = (isOk: boolean, error: unknown): void => this.#owner.callEnded(this, isOk, error, 0);
    try {
      const stream = new StreamRun(source, {
        id: this.id,
        border,
        context: this.context,
        send: (values, signals) => replies.some(values, signals),
        ended,
        waits: (isForValue) => tasks.wait(this, !isForValue || this.#hearsHost),
      });
      this.#stream = stream;
      this.taken = (count) => stream.taken(count);
      this.rescue = () => stream.flush();
      stream.pump();
    } catch (error) {
      ended(false, error);
    }
  }

  // ---- as a task that is begun

  fail(error: unknown): void {
    this.#settle(false, error);
  }

  abort(reason: unknown): void {
    this.context.abort(reason);
    this.#stream?.close();
  }

  awaitsAbort(): boolean {
    return this.#meta.isAbortable === true && this.context.hasSignal;
  }
}
