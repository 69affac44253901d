/** Running a function while one has it: it is given back when the function is over, however it ends. */

import { checkFunction } from '../../check.ts';
import { TimeoutError } from '../../errors.ts';
import { Operation, readWaitOptions, type Wait, type WaitOptions } from '../../loop/index.ts';
import { currentOwner, isMain } from '../task/current.ts';
import type { ResultOf } from '../task/greenlet.ts';
import { isAsyncFunction, isGenerator, isGeneratorFunction } from '../task/misuse.ts';
import { Outlasted } from '../wait/outlasted.ts';
import { runHolder, runPart } from '../task/part.ts';
import { acquire } from './acquire.ts';
import type { Source } from './claim.ts';
import { isThenable } from '../../thenable.ts';

type Steps = Generator<Wait, unknown>;

export function run<R>(source: Source, fn: () => R, options: number | WaitOptions | undefined): Operation<ResultOf<R>> {
  checkFunction(fn, 'fn');
  if (options !== undefined) readWaitOptions(options);
  const runAs = source.keepsRunsApart ? runHolder : runPart;
  return runAs(holding, source, fn, options) as Operation<ResultOf<R>>;
}

function* holding(source: Source, fn: () => unknown, options: number | WaitOptions | undefined): Steps {
  if (!(yield* acquire(source, options))) throw new TimeoutError(`run() was given less time than it took: ${source.describe()}`);
  const self = currentOwner();
  try {
    return yield* call(fn, source.keepsRunsApart);
  } finally {
    source.drop(self);
  }
}

function* call(fn: () => unknown, isHolder: boolean): Steps {
  const result = mustBeFollowed(fn, isHolder) ? runPart(fn) : fn();
  if (result instanceof Operation || isGenerator(result)) return yield* result as Steps;
  if (isThenable(result)) return yield* new Outlasted(result);
  return result;
}

/**
 * True if an async function must know its owner after its `await`s. Code outside of all greenlets belongs to the main program anyway. A
 * program with locks and async functions, but without greenlets, therefore pays for no `AsyncLocalStorage`, unless it keeps callers of an
 * `RLock` apart.
 */
function mustBeFollowed(fn: () => unknown, isHolder: boolean): boolean {
  if (isHolder) return !isGeneratorFunction(fn);
  return isAsyncFunction(fn) && !isMain(currentOwner().innermost);
}
