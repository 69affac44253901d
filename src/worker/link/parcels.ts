/**
 * The shared objects in the frames of one link. While a frame is in flight, no thread need hold them: its parcel does, a record in the
 * shared heap.
 *
 *    frame { handles } ── pack ──► frame { parcel } ══ link ══► receive: opens the parcel ──► frame { handles }
 *                                        ╲
 *                                         the link has ended without that: the host drops them
 *
 * A parcel says which host and link it belongs to, so that it ends with them. Frames wait here, in their order, until the kinds of
 * objects are known here: a worker that never sees one does not load them.
 */

import { HeddleError, UnsupportedPlatformError } from '../../errors.ts';
import { handleDoor, heapSlot } from '../../handles.ts';
import { importing } from '../../undisturbed.ts';
import type { Frame } from './frame.ts';

/** Stands in a frame whose parcel could not be made. */
const unmade = 0xffff_ffff;

/** Loads all kinds of shared objects. */
export async function loadKinds(): Promise<void> {
  await import('../kinds.ts');
}

let areKindsKnown = false;
async function learnKinds(): Promise<void> {
  importing(1);
  try {
    await loadKinds();
  } finally {
    importing(-1);
    areKindsKnown = true;
  }
}

/** The worker's knowledge of its link. */
export interface LinkIdentity {
  /** The number, which no other link in the tree has. */
  readonly number: number;
  /** The host's slot in the shared heap; 0 as long as it has not met it. */
  readonly slot: number;
}

/** The number of a link, which no other in the tree has. */
export function newLinkNumber(): number {
  return 1 + Math.floor(Math.random() * 0x7fff_fffe);
}

export class Parcels {
  /** Set on the worker's side. */
  #identity: LinkIdentity | undefined;
  readonly #number: number = newLinkNumber();
  /** The frames behind one that waits. */
  #held: Frame[] | undefined;
  #then: (() => void) | undefined;
  #isOver = false;
  readonly #crossesProcesses: boolean;
  /** Called with each frame that waits. */
  onHeld: ((f: Frame) => void) | undefined;

  constructor(crossesProcesses: boolean) {
    this.#crossesProcesses = crossesProcesses;
  }

  /** As the host tells it; on the host's side its own. */
  get identity(): LinkIdentity {
    return this.#identity ?? { number: this.#number, slot: heapSlot() };
  }

  set identity(identity: LinkIdentity) {
    this.#identity = identity;
  }

  /** The frame is about to leave. Returns false if its objects cannot: it leaves without them, and the receiver says so. */
  pack(f: Frame): boolean {
    if (f.handles.length > 0 && f.parcel === 0) f.parcel = this.#parcelOf(f);
    return f.parcel !== unmade;
  }

  #parcelOf(f: Frame): number {
    const { number, slot } = this.identity;
    if (this.#isOver) return unmade;
    try {
      const door = handleDoor()!;
      const parcel = door.makeParcel(f.handles, { host: slot, link: number });
      door.unpin(f.handles);
      return parcel;
    } catch {
      return unmade;
    }
  }

  /** Puts objects into a parcel of their own, whose number travels in a frame. @throws where the heap has no room */
  wrap(objects: readonly object[]): number {
    const { number, slot } = this.identity;
    return handleDoor()!.makeParcel(objects, { host: slot, link: number });
  }

  /** Opens such a parcel. The kinds of what is in it must be known. */
  unwrap(parcel: number): readonly object[] {
    if (this.#isOver) throw new HeddleError('it came after the end of its link');
    return handleDoor()!.openParcel(parcel);
  }

  /** The frame could not leave. */
  unpack(f: Frame): void {
    if (f.parcel !== 0 && f.parcel !== unmade) handleDoor()!.openParcel(f.parcel);
    f.parcel = 0;
  }

  /** The frame has arrived. */
  receive(f: Frame, deliver: (f: Frame) => void): void {
    if (this.#held !== undefined) this.#held.push(f);
    else if (f.parcel === 0) return deliver(f);
    else if (areKindsKnown) return deliver(this.#open(f));
    else this.#hold(f, deliver);
    this.onHeld?.(f);
  }

  #hold(first: Frame, deliver: (f: Frame) => void): void {
    this.#held = [first];
    const goOn = (): void => {
      const held = this.#held!;
      this.#held = undefined;
      for (const f of held) deliver(this.#open(f));
      this.#then?.();
    };
    learnKinds().then(goOn, goOn);
  }

  /** Nothing more arrives. Calls back when what has is delivered. */
  afterLast(callback: () => void): void {
    if (this.#held === undefined) callback();
    else this.#then = callback;
  }

  /** The link has ended: what is still under way will never arrive. For the host. */
  drop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    handleDoor()?.dropParcels(this.#number);
  }

  #open(f: Frame): Frame {
    if (f.parcel === 0) return f;
    try {
      if (f.parcel === unmade)
        throw new HeddleError('the shared heap has no room for what is under way, or a handle in it was closed before it was sent again');
      // The block may have been reused by now.
      if (this.#isOver) throw new HeddleError('it came after the end of its link');
      const door = handleDoor();
      if (door === undefined) throw new HeddleError('what is needed for it cannot be loaded');
      const why = this.#crossesProcesses ? door.whyApart() : undefined;
      if (why !== undefined) throw new UnsupportedPlatformError(why);
      f.handles = door.openParcel(f.parcel);
    } catch (error) {
      f.lost = error instanceof Error ? error : new HeddleError(String(error));
    }
    return f;
  }
}
