/**
 * The start method of this program: the way in which `Process` and pools begin their children. The table of threads has it, so that all
 * threads of the program share it.
 */

import { expected } from '../../check.ts';
import { ProcessError } from '../../errors.ts';
import { TypeError } from '../../refusals.ts';
import { readNumber, setNumber, startMethodNumber } from './thread-table.ts';

/** How children begin: each anew, from a stock of warm processes, or as threads of this program. */
export type StartMethod = 'spawn' | 'forkserver' | 'thread';

/** All methods, the default first. */
export const startMethods: readonly [StartMethod, StartMethod, StartMethod] = ['spawn', 'forkserver', 'thread'];

const noFork =
  'fork is not possible: a copy of a running V8 lacks the threads that V8 and Node need. Expected spawn, forkserver (warm processes) or thread';

/** @throws TypeError for anything else, with the reason for `fork` */
export function checkStartMethod(method: unknown): StartMethod {
  if (startMethods.includes(method as StartMethod)) return method as StartMethod;
  if (method === 'fork') throw new TypeError(noFork);
  throw new TypeError(expected('the start method', `'spawn', 'forkserver' or 'thread'`, method));
}

/** The method that the program has chosen, or has fixed by its use; undefined as long as it may choose. */
export function chosenMethod(): StartMethod | undefined {
  return startMethods[readNumber(startMethodNumber) - 1];
}

/** Returns the method of this program. The first use fixes it. */
export function startMethod(): StartMethod {
  const chosen = chosenMethod();
  if (chosen !== undefined) return chosen;
  chooseMethod(startMethods[0], true);
  return startMethods[0];
}

/**
 * @param method undefined: none is chosen
 * @throws ProcessError if one has been chosen or used, unless `force`
 */
export function chooseMethod(method: StartMethod | undefined, force: boolean): void {
  const chosen = chosenMethod();
  if (chosen !== undefined && !force)
    throw new ProcessError(`the start method is already ${chosen}: set it before the first use of processes, or with { force: true }`);
  setNumber(startMethodNumber, method === undefined ? 0 : startMethods.indexOf(method) + 1);
}
