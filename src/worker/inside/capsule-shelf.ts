/** The functions a worker holds, by the numbers its host gave them. Each is opened when it is first needed. */

import { type AnyFunction, type Border, type Incoming, openCapsule, prepare } from '../../codec/index.ts';
import type { Frame } from '../link/frame.ts';
import { incoming, metaOf } from '../link/message.ts';
import { areFew } from './task-clock.ts';

export class CapsuleShelf {
  readonly #border: Border;
  readonly #held: Map<number, HeldCapsule> = new Map();

  constructor(border: Border) {
    this.#border = border;
  }

  put(f: Frame): void {
    const meta = metaOf(f);
    this.#held.set(f.a, new HeldCapsule(incoming(f, meta), this.#border, meta.name ?? '(anonymous)', meta.hasSignals === true));
  }

  drop(number: number): void {
    this.#held.delete(number);
  }

  get(number: number): HeldCapsule {
    const found = this.#held.get(number);
    if (found === undefined) throw new Error(`the host named function ${number}, which it never sent`);
    return found;
  }
}

export class HeldCapsule {
  readonly name: string;
  readonly hasSignals: boolean;
  /** True if its last call was a short one, as far as is known. */
  isShort: boolean = false;
  /** Milliseconds one item of a chunk takes, as far as is known: chunks report about once a millisecond. */
  itemMs: number = Infinity;
  readonly #packet: Incoming;
  readonly #border: Border;
  #open: (() => AnyFunction) | undefined;
  #prepared: void | Promise<void> = undefined;
  #isPreparing = false;

  constructor(packet: Incoming, border: Border, name: string, hasSignals: boolean) {
    this.#packet = packet;
    this.#border = border;
    this.name = name;
    this.hasSignals = hasSignals;
  }

  /** The preparation to wait for before `open`. */
  get prepared(): void | Promise<void> {
    if (!this.#isPreparing) {
      this.#isPreparing = true;
      this.#prepared = prepare(this.#packet);
      this.#prepared?.then(
        () => (this.#prepared = undefined),
        () => {},
      );
    }
    return this.#prepared;
  }

  /** True if `open` takes no longer than a moment. */
  get opensFast(): boolean {
    return this.#open !== undefined && areFew(this.#packet.bytes);
  }

  /** The function, for one task or item. */
  open(): AnyFunction {
    this.#open ??= openCapsule(this.#packet, this.#border);
    return this.#open();
  }
}
