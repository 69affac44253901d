/** Looking before sleeping, at words of the shared heap. */

import { idle } from '#atomics';
import { Look as AnyLook, type LookGround, machine } from '../../look.ts';

/** Between two looks is a step of the tests' model. */
const ground: LookGround = { ...machine, pause: () => idle(100) };

export class Look extends AnyLook {
  constructor() {
    super(ground);
  }
}
