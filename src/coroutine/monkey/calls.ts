/** The wrapper around a blocking call. */

import { BlockingCallError } from '../../errors.ts';
import { announce } from './board.ts';
import { framesAbove } from './stack.ts';
import { cureOf, type OnBlock, tell } from './tell.ts';
import { whoRuns } from './who.ts';

let onBlock: OnBlock = 'warn';
/** In a call, or in the callback that is told of it: what they call themselves is a part of them. */
let isInside = false;
/** Milliseconds of all reported calls and steps, so that lost time is not reported twice. */
export let lost = 0;

export function setOnBlock(next: OnBlock): void {
  onBlock = next;
}

/** Makes the call; in a greenlet it is told of. */
export function around<R>(name: string, above: (...args: any[]) => unknown, call: () => R): R {
  const blocker = isInside ? undefined : whoRuns();
  if (blocker === undefined) return call();
  const { stack: frames, isOfProgram } = framesAbove(above);
  if (!isOfProgram) return call();
  const stack = frames === '' ? blocker.origin : frames;
  if (onBlock === 'throw')
    throw new BlockingCallError(`${name} in ${blocker.name} would keep this thread from all others: ${cureOf(name)}`);
  const begin = performance.now();
  isInside = true;
  announce(`${name} in ${blocker.name}\n${stack}`);
  try {
    return call();
  } finally {
    announce('');
    isInside = false;
    found(name, performance.now() - begin, blocker.name, stack);
  }
}

export function found(name: string, ms: number, greenlet: string, stack: string): void {
  lost += ms;
  isInside = true;
  tell({ name, ms, greenlet, stack }, onBlock);
  isInside = false;
}
