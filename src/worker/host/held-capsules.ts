/** Which functions a worker holds: each is sent to it once, and dropped there when it was not used for long. */

import type { Capsule } from '../../codec/index.ts';
import { FrameKind, frame } from '../link/frame.ts';
import type { Link } from '../link/link.ts';
import { packetFrame } from '../link/message.ts';

const maxCount = 256;
const maxBytes = 64 * 1024 * 1024;

interface Held {
  readonly number: number;
  readonly bytes: number;
  /** A capture could not be sent with it: the call fails, and the next one tries again. */
  readonly isLost: boolean;
}

export class HeldCapsules {
  readonly #link: Link;
  /** By id, the one used last at the end. */
  readonly #held: Map<string, Held> = new Map();
  #bytes = 0;
  #next = 0;
  #lastId = '';
  #lastNumber = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Sends it, unless the worker has it. Returns the number by which the worker knows it. */
  give(capsule: Capsule): number {
    if (capsule.id === this.#lastId) return this.#lastNumber;
    let held = this.#held.get(capsule.id);
    if (held === undefined) held = this.#lend(capsule);
    else this.#held.delete(capsule.id);
    if (held.isLost) return held.number;
    this.#held.set(capsule.id, held);
    this.#lastId = capsule.id;
    this.#lastNumber = held.number;
    return held.number;
  }

  #lend(capsule: Capsule): Held {
    const f = packetFrame(FrameKind.Capsule, capsule.packet, { a: this.#next++ }, { name: capsule.name });
    const isLost = !this.#link.parcels.pack(f);
    const held = { number: f.a, bytes: capsule.packet.bytes.byteLength, isLost };
    this.#link.send(f);
    if (isLost) return held;
    this.#bytes += held.bytes;
    for (const [id, old] of this.#held) {
      if (this.#held.size < maxCount && this.#bytes <= maxBytes) break;
      this.#held.delete(id);
      this.#bytes -= old.bytes;
      this.#link.send(frame(FrameKind.Drop, { a: old.number }));
    }
    return held;
  }
}
