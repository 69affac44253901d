/** Callbacks for when something is ready: each is called once, by the loop, in the order in which they came. Source: gevent's rawlink */

import { checkFunction } from '../../check.ts';
import { ready, type Steppable } from '../../loop/index.ts';
import type { Activity } from '../task/activity.ts';
import { type Context, callIn, captureContext } from '../task/context.ts';
import { currentActivity } from '../task/current.ts';
import { reportFailure } from '../task/report.ts';

type Callback<S> = (source: S) => unknown;

class Link<S> implements Steppable {
  readonly callback: Callback<S>;
  readonly by: Activity;
  readonly context: Context | undefined = captureContext();
  isDue = false;
  readonly #links: Links<S>;

  constructor(callback: Callback<S>, links: Links<S>) {
    this.callback = callback;
    this.by = currentActivity();
    this.#links = links;
  }

  step(): void {
    this.#links.turnOf(this);
  }
}

export class Links<S> {
  readonly #source: S;
  readonly #isReady: () => boolean;
  readonly #stays: boolean;
  readonly #links = new Map<Callback<S>, Link<S>>();

  /** @param stays whether it must still be ready when a callback has its turn; otherwise that waits on */
  constructor(source: S, isReady: () => boolean, stays: boolean) {
    this.#source = source;
    this.#isReady = isReady;
    this.#stays = stays;
  }

  get count(): number {
    return this.#links.size;
  }

  /** Twice the same is once. */
  add(callback: Callback<S>): void {
    checkFunction(callback, 'callback');
    if (this.#links.has(callback)) return;
    const link = new Link(callback, this);
    this.#links.set(callback, link);
    if (this.#isReady()) stand(link);
  }

  remove(callback: Callback<S>): void {
    this.#links.delete(callback);
  }

  /** Called when the object is ready. */
  notify(): void {
    for (const link of this.#links.values()) stand(link);
  }

  turnOf(link: Link<S>): void {
    link.isDue = false;
    if (this.#links.get(link.callback) !== link) return;
    if (this.#stays && !this.#isReady()) return;
    this.#links.delete(link.callback);
    const { callback } = link;
    try {
      callIn(link.context, () => callback(this.#source));
    } catch (error) {
      reportFailure(link.by, error, 'has a callback that failed');
    }
  }
}

/** In line for its turn. */
function stand(link: Link<any>): void {
  if (link.isDue) return;
  link.isDue = true;
  ready(link);
}
