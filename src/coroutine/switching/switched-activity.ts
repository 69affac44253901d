/**
 * A greenlet that is switched to by hand, as the owner of `Local` fields and locks. Such a greenlet has no steps of its own: it runs inside
 * of a step of the activity that switched to it.
 *
 *   greenlet of spawn() ──in its step──▶ g.switch() ──▶ greenlet of greenlet()      fields and locks: of the inner one
 *                                                                                  kill(), getCurrent(): of the outer one
 */

import { Activity, type Face } from '../task/activity.ts';
import type { RawGreenlet } from './raw-greenlet.ts';
import { TypeError } from '../../refusals.ts';

class SwitchedFace implements Face {
  readonly greenlet: RawGreenlet;

  constructor(greenlet: RawGreenlet) {
    this.greenlet = greenlet;
  }

  get name(): string {
    return String(this.greenlet);
  }

  run(): never {
    throw new TypeError('a greenlet that is switched to by hand has no steps');
  }
}

export class SwitchedActivity extends Activity {
  readonly #switched: RawGreenlet;

  constructor(switched: RawGreenlet) {
    super(new SwitchedFace(switched), undefined, []);
    this.#switched = switched;
  }

  override get switched(): RawGreenlet {
    return this.#switched;
  }

  override get isDead(): boolean {
    return this.#switched.dead;
  }
}
