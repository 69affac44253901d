/** The value that ends a greenlet without being an error. */

import { brandClass, HeddleError } from '../../errors.ts';

/**
 * Thrown into a greenlet to end it. A `GreenletExit` is not reported. One that a greenlet does not catch becomes its value (greenlet's
 * rule).
 *
 * @example
 * ```ts
 * import { greenlet, GreenletExit } from 'heddle/coroutine';
 *
 * const g = greenlet(function* () {
 *   yield* g.parent!.switch('ready');
 * });
 * console.log(g.switch()); // prints: ready
 * console.log(g.throw() instanceof GreenletExit, g.dead); // prints: true true
 * ```
 */
export class GreenletExit extends HeddleError {
  /** The stable code of this class: `ERR_HEDDLE_GREENLET_EXIT`. */
  static override readonly code: string = 'ERR_HEDDLE_GREENLET_EXIT';

  static {
    brandClass(GreenletExit);
  }
}
