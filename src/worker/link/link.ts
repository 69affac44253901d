/**
 * The wire between a host and one of its workers: frames in order, both ways, none lost, none doubled.
 * One file per way to carry them; `test/worker/link.test.ts` holds every way to the same promises:
 *
 *  - frames arrive in the order they were sent, whole, whatever their size;
 *  - what was sent before `close()` is delivered, then the other side hears `onEnd`, once;
 *  - an `unref()`ed link does not keep its program alive;
 *  - a slow reader costs memory on the sender's side (`backlog`), never a frame.
 */

import type { Frame } from './frame.ts';
import type { Parcels } from './parcels.ts';

export interface LinkEvents {
  onFrame(frame: Frame): void;
  /** Nothing will come any more: the other side closed or died. Called once, after the last frame. */
  onEnd(): void;
  /** This frame could not be sent (an attachment that cannot change owner); all others were. */
  onUnsent(frame: Frame, error: unknown): void;
}

export interface Link {
  /** The carrier of the shared objects in its frames. */
  readonly parcels: Parcels;
  /** Begins to deliver; frames that came before wait until then. Once. */
  open(events: LinkEvents): void;
  /** Sends at the end of this tick, together with what else is sent until then. After the end it does nothing. */
  send(frame: Frame): void;
  /** Sends now, behind what `send` has collected. */
  sendNow(frame: Frame): void;
  /** Sends now what `send` has collected. */
  flush(): void;
  /** Bytes that were sent but have not left this process, as far as it is known. */
  readonly backlog: number;
  ref(): void;
  unref(): void;
  /** Closes this side, when what was sent has left. */
  close(): void;
}
