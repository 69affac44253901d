/**
 * The rendezvous behind a channel. An item belongs to its putter until its getter has resumed with it.
 *
 *                 a getter is there                the getter goes on
 *     WAITING ───────────────────────▶ HANDED OVER ──────────────────▶ the put is over
 *        ▲                                 │
 *        └── the getter was thrown out ────┘
 */

import { Full, ShutDown } from '../../errors.ts';
import { isAborted, Pending, ready, type Steppable, WaitList, type WaitOptions } from '../../loop/index.ts';
import type { Source, Taker } from './takers.ts';

/** In line behind the getter: its turn comes when the getter has gone on. */
class Handover<T> implements Steppable {
  readonly keepsPlace: boolean = true;
  readonly offer: Offer<T>;

  constructor(offer: Offer<T>) {
    this.offer = offer;
  }

  step(): void {
    if (this.offer.handover === this) this.offer.settle();
  }
}

/** An item and the putter that waits until it is taken. */
export class Offer<T> extends Pending<void> {
  readonly item: T;
  /** When it came, among the others. */
  readonly order: number;
  handover: Handover<T> | undefined = undefined;
  /** The error by which the offer ends if its item comes back: its timeout. */
  late: { readonly error: unknown } | undefined = undefined;
  readonly #name: string;

  constructor(item: T, order: number, meeting: Rendezvous<T>, options: WaitOptions | undefined) {
    super();
    this.item = item;
    this.order = order;
    this.#name = meeting.name;
    if (meeting.isOver) this.end();
    else if (!isAborted(options)) meeting.offer(this);
    this.limit(options);
  }

  describe(): string {
    return `${this.#name}.put()`;
  }

  end(): void {
    this.fail(new ShutDown(`${this.describe()}: the channel is shut down`));
  }

  override reject(error: unknown): boolean {
    if (this.handover === undefined) return super.reject(error);
    this.late ??= { error };
    return false;
  }

  override expire(): void {
    this.reject(new Full(`${this.describe()}: no getter took the item within the timeout`));
  }
}

export class Rendezvous<T> implements Source<T> {
  readonly name: string;
  readonly getters: WaitList<Taker<T, unknown>> = new WaitList();
  readonly putters: WaitList<Offer<T>> = new WaitList();
  isOver = false;
  /** How many offers there ever were. */
  puts = 0;
  ticket: Handover<T> | undefined = undefined;

  constructor(name: string) {
    this.name = name;
  }

  put(item: T, options: WaitOptions | undefined): Offer<T> {
    return new Offer(item, this.puts++, this, options);
  }

  /** Puts the offer in line, and hands it over if a getter waits. */
  offer(offer: Offer<T>): void {
    this.putters.push(offer);
    this.#meet();
  }

  /** The same for one that was in line before: it has its place again. */
  #offerAgain(offer: Offer<T>): void {
    let next: Offer<T> | undefined;
    for (const other of this.putters) {
      if (other.order < offer.order) continue;
      next = other;
      break;
    }
    this.putters.insert(offer, next);
    this.#meet();
  }

  #meet(): void {
    while (this.getters.first !== undefined && this.putters.first !== undefined) {
      this.getters.first.serve();
      ready(this.ticket!);
    }
  }

  /** The first item that is offered. */
  take(): T {
    const offer = this.putters.shift()!;
    this.ticket = new Handover(offer);
    offer.handover = this.ticket;
    return offer.item;
  }

  /** Takes an item for a caller that does not wait. There must be one. */
  takeNow(): T {
    const offer = this.putters.shift()!;
    offer.settle();
    return offer.item;
  }

  giveBack(_item: T, ticket: unknown): void {
    const { offer } = ticket as Handover<T>;
    if (!offer.isPending) return;
    offer.handover = undefined;
    if (offer.late !== undefined) offer.fail(offer.late.error);
    else if (this.isOver) offer.end();
    else this.#offerAgain(offer);
  }

  shutdown(): void {
    this.isOver = true;
    while (this.putters.first !== undefined) this.putters.first.end();
    while (this.getters.first !== undefined) this.getters.first.end();
  }
}
