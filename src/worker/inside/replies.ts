/** The reports of a worker on its tasks: progress, outcomes, and that it has grown too big. */

import type { Border, ExportedSignal } from '../../codec/index.ts';
import { type Frame, FrameKind, frame } from '../link/frame.ts';
import type { Link } from '../link/link.ts';
import type { WorkerKind } from '../host/running-worker.ts';
import { memoryUsed } from './exit.ts';
import { encodeOutcome, packetFrame } from '../link/message.ts';
import { isPrinting, whenPrinted } from './output.ts';
import { SignalWatch } from '../host/signals.ts';

export class Replies {
  readonly #link: Link;
  readonly #border: Border;
  readonly #signals: SignalWatch;
  /** Bytes of memory from which on this worker asks to be replaced. */
  #maxMemory: number;
  /** Ends of tasks that wait until what they printed is out. */
  readonly #unprinted: Set<() => void> = new Set();

  constructor(link: Link, border: Border, maxMemory: number) {
    this.#link = link;
    this.#border = border;
    this.#maxMemory = maxMemory;
    this.#signals = new SignalWatch((id, reason) => {
      link.send(packetFrame(FrameKind.SignalAborted, encodeOutcome(false, reason, border).packet, {}, { name: id }));
    });
  }

  /**
   * How a task ended.
   *
   * @param ticket of one that was sent ahead, or 0
   * @param us microseconds that it took
   * @param isAlone nothing else of this turn is waited for: it leaves at once
   */
  outcome(id: number, isOk: boolean, value: unknown, ticket: number = 0, us: number = 0, isAlone: boolean = false): void {
    const { isOk: isStillOk, packet } = encodeOutcome(isOk, value, this.#border);
    this.last(packetFrame(FrameKind.Outcome, packet, { id, a: isStillOk ? 1 : 0, b: us, c: ticket }), packet.signals, isAlone);
  }

  /** Some items of a chunk, or values of a stream: at once, since what follows may take long. */
  some(report: Frame, signals: readonly ExportedSignal[]): void {
    this.#link.sendNow(report);
    if (signals.length > 0) this.#signals.watch(signals);
  }

  /** Sends the end of a task, behind its output. */
  last(f: Frame, signals: readonly ExportedSignal[], isAlone: boolean): void {
    if (this.#maxMemory !== Infinity) this.#weigh();
    if (!isPrinting()) return this.#send(f, signals, isAlone);
    const send = (): void => {
      this.#unprinted.delete(send);
      this.#send(f, signals, isAlone);
    };
    this.#unprinted.add(send);
    whenPrinted(send);
  }

  #send(f: Frame, signals: readonly ExportedSignal[], isAlone: boolean): void {
    if (isAlone) this.#link.sendNow(f);
    else this.#link.send(f);
    if (signals.length > 0) this.#signals.watch(signals);
  }

  /** Heddle works for a timed task, or the task's own code runs. At once, since what follows may take long. */
  readonly preparing = (id: number, isPreparing: boolean): void => {
    this.#link.sendNow(frame(FrameKind.Preparing, { id, a: isPreparing ? 1 : 0 }));
  };

  readonly progress = (id: number, done: number, total: number | undefined): void => {
    this.#link.send(frame(FrameKind.Progress, { id, meta: JSON.stringify({ done, total }) }));
  };

  /** The worker exits: nothing waits any longer. */
  rescue(): void {
    for (const send of this.#unprinted) send();
  }

  /** Asks, before the host hears of the end of a task and sends the next, to be replaced. */
  #weigh(): void {
    if (memoryUsed(this.#border.kind as WorkerKind) <= this.#maxMemory) return;
    this.#maxMemory = Infinity;
    this.#link.send(frame(FrameKind.Heavy));
  }
}
