/** Link between two threads of one process, over a MessagePort alone. */

import type { MessagePort } from 'node:worker_threads';
import { Batch } from './batch.ts';
import type { Frame } from './frame.ts';
import type { Link, LinkEvents } from './link.ts';
import { Parcels } from './parcels.ts';
import { PortWire } from './port-wire.ts';

export class MessagePortLink implements Link {
  readonly parcels: Parcels = new Parcels(false);
  readonly #wire: PortWire;
  readonly #batch: Batch = new Batch((frames) => this.#wire.post(frames));
  #events: LinkEvents | undefined;
  #isClosed = false;
  #hasEnded = false;

  /** @param gives as of `PortWire` */
  constructor(port: MessagePort, gives: boolean = false) {
    this.#wire = new PortWire(port, this.parcels, gives);
  }

  open(events: LinkEvents): void {
    this.#events = events;
    this.#wire.open({
      onFrame: (frame) => this.parcels.receive(frame, this.#deliver),
      onBell: () => {},
      // That ends the worker.
      onDamage: () => this.close(),
      onEnd: () => this.#end(),
      onUnsent: (frame, error) => this.#events?.onUnsent(frame, error),
    });
  }

  send(frame: Frame): void {
    if (!this.#isClosed) this.#batch.add(frame);
  }

  sendNow(frame: Frame): void {
    if (this.#isClosed) return;
    if (this.#batch.isEmpty) this.#wire.postOne(frame);
    else this.#batch.now(frame);
  }

  flush(): void {
    this.#batch.flush();
  }

  /** A port tells nothing about what the other side has read. */
  get backlog(): number {
    return 0;
  }

  ref(): void {
    this.#wire.ref();
  }

  unref(): void {
    this.#wire.unref();
  }

  close(): void {
    this.#batch.flush();
    this.#isClosed = true;
    this.#wire.close();
  }

  readonly #deliver = (frame: Frame): void => this.#events?.onFrame(frame);

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isClosed = true;
    this.#batch.clear();
    this.parcels.afterLast(() => {
      const events = this.#events;
      this.#events = undefined;
      events?.onEnd();
    });
  }
}
