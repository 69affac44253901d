/**
 * The sending side of abort signals that crossed: each is watched once per link, and the other side is told when it fires.
 * (The receiving side is the codec's: it made the signal there and fires it by its id.)
 */

import type { Border, ExportedSignal } from '../../codec/index.ts';
import { type Frame, FrameKind } from '../link/frame.ts';
import { encodeOutcome, packetFrame } from '../link/message.ts';

interface Watched {
  readonly signal: WeakRef<AbortSignal>;
  readonly onAbort: () => void;
}

export class SignalWatch {
  readonly #tell: (id: string, reason: unknown) => void;
  readonly #watched: Map<string, Watched> = new Map();
  #pruneAt = 1000;

  constructor(tell: (id: string, reason: unknown) => void) {
    this.#tell = tell;
  }

  /** To be called after the message that holds them was sent: one that fired in between is told at once. */
  watch(signals: readonly ExportedSignal[]): void {
    for (const { id, signal } of signals) this.#watchOne(id, signal);
  }

  stop(): void {
    for (const { signal, onAbort } of this.#watched.values()) signal.deref()?.removeEventListener('abort', onAbort);
    this.#watched.clear();
  }

  #watchOne(id: string, signal: AbortSignal): void {
    if (this.#watched.has(id)) return;
    if (signal.aborted) return this.#tell(id, signal.reason);
    const weak = new WeakRef(signal);
    const onAbort = (): void => {
      this.#watched.delete(id);
      this.#tell(id, weak.deref()?.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#watched.set(id, { signal: weak, onAbort });
    if (this.#watched.size >= this.#pruneAt) this.#prune();
  }

  /** Forgets the signals that were collected. */
  #prune(): void {
    for (const [id, { signal }] of this.#watched) if (signal.deref() === undefined) this.#watched.delete(id);
    this.#pruneAt = Math.max(1000, this.#watched.size * 2);
  }
}

/** Tells the other side that a signal has aborted. */
export function abortFrame(id: string, reason: unknown, border: Border): Frame {
  return packetFrame(FrameKind.SignalAborted, encodeOutcome(false, reason, border).packet, {}, { name: id });
}
