/** The scope of a callback of `rlock.run`: it goes with whatever the callback begins and awaits. The first such call switches an AsyncLocalStorage on. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { RunScope, setScopeProvider } from '../loop/index.ts';

let storage: AsyncLocalStorage<RunScope> | undefined;

function theStorage(): AsyncLocalStorage<RunScope> {
  if (storage !== undefined) return storage;
  const made = new AsyncLocalStorage<RunScope>();
  setScopeProvider('run', () => made.getStore());
  storage = made;
  return made;
}

export async function runInside<T>(scope: RunScope, fn: () => T | Promise<T>): Promise<T> {
  try {
    return await theStorage().run(scope, fn);
  } finally {
    scope.isEnded = true;
  }
}
