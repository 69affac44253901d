/**
 * `TypeError` and `RangeError` for what heddle refuses, under the names of JavaScript's own. The stack of a new one begins with the line of
 * the user's call (`callerFirst`); in every other way they are JavaScript's own.
 */

import { callerFirst } from './stack-frames.ts';

function startingAtCaller<Native extends ErrorConstructor>(Native: Native): Native {
  function Refusal(message?: string, options?: ErrorOptions): Error {
    return callerFirst(() => new Native(message, options));
  }
  Refusal.prototype = Native.prototype;
  return Refusal as unknown as Native;
}

export type TypeError = globalThis.TypeError;
export const TypeError: TypeErrorConstructor = startingAtCaller(globalThis.TypeError);

export type RangeError = globalThis.RangeError;
export const RangeError: RangeErrorConstructor = startingAtCaller(globalThis.RangeError);
