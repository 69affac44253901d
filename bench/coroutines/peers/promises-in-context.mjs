// Async functions, each in its own `AsyncLocalStorage` context: the least cost of a function that knows its identity.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

const current = new AsyncLocalStorage();

export async function spawnAll(count, waits) {
  const one = async (x) => {
    if (waits) await nextTurn();
    return x;
  };
  const values = await Promise.all(Array.from({ length: count }, (_, i) => current.run({ number: i }, one, i)));
  return values.reduce((sum, value) => sum + value, 0);
}
