/** The errors for misuse of switches by hand: each message says what to write. */

import { quote } from '../../check.ts';
import { InvalidStateError } from '../../errors.ts';
import { enterStep, leaveStep, WAIT } from '../../loop/index.ts';
import { ERROR, Order } from './switch-order.ts';
import { TypeError } from '../../refusals.ts';

/** The order was made and not yielded. */
export function loose({ cargo }: Order): InvalidStateError {
  const call = callOf(cargo);
  return new InvalidStateError(
    `a ${call} inside of a greenlet has no effect by itself: write yield* other.${call}, in a generator function`,
  );
}

/** The order was yielded, by `yield` instead of `yield*`. */
export function withoutStar({ cargo }: Order): InvalidStateError {
  const call = callOf(cargo);
  return new InvalidStateError(`yield other.${call} does not switch: write yield* other.${call}, with the star`);
}

/** Something else was yielded, such as a wait that only spawn() knows. */
export function noSwitch(yielded: unknown): TypeError {
  // The greenlet of spawn() that this may run in does not wait for it.
  if (yielded === WAIT) leaveStep(enterStep());
  const got = yielded === WAIT ? 'a wait' : yielded instanceof Order ? 'the switch of another greenlet' : quote(yielded);
  return new TypeError(
    `inside greenlet() only switches can be yielded (yield* other.switch()), got ${got}: use spawn() to wait for anything else`,
  );
}

export function nothingToRun(): TypeError {
  return new TypeError('the greenlet has nothing to run: give it a function');
}

/** Makes the error for a function that returned a promise or an async generator. */
export function asynchronous(): TypeError {
  return new TypeError('expected a plain function or a generator function, got an asynchronous one: use spawn() for a function that waits');
}

function callOf(cargo: Order['cargo']): string {
  return cargo === ERROR ? 'throw()' : 'switch()';
}
