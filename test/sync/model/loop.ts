/** An event loop of the model that turns until an operation is over; gives what comes of it. */

import { type Operation, Pending } from '#src/loop/index.js';
import { turn } from '#src/testing/model/index.js';

export function settled<T>(operation: Operation<T>): T {
  const isPending = (): boolean => operation instanceof Pending && operation.isPending;
  while (isPending()) turn();
  const { value } = operation[Symbol.iterator]().next();
  return value as T;
}
