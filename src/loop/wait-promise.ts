/** The promise of a wait's result. An async greenlet that is killed while it awaits is thrown out of the `await`. */

import { InvalidStateError } from '../errors.ts';
import { currentOwner } from './owner.ts';
import { type Actor, isHeld, ready } from './ready.ts';
import { DONE, FAILED, LEFT, type WaitRecord } from './wait-record.ts';

/** The actor of an `await` outside of any async greenlet. */
const awaited: Actor = { describe: () => 'an await', isAsync: true };

export function promiseOf(record: WaitRecord): Promise<any> {
  const operation = record.listed;
  if (record.state === DONE) return Promise.resolve(record.result);
  if (record.state === FAILED) return Promise.reject(record.result);
  if (record.state === LEFT) return Promise.reject(new InvalidStateError(`${operation.describe()} was given up: it had no waiter left`));
  const awaiter = currentOwner();
  return new Promise((resolve, reject) => {
    const step = (): void => {
      awaiter?.disown(operation);
      if (record.state === DONE) return resolve(record.result);
      const ending = awaiter?.ending;
      if (ending !== undefined && ending.error === record.result) ending.isTold = true;
      reject(record.result);
    };
    // Where a test chooses the order, an `await` must queue like the others.
    const whose = awaiter?.living ?? awaited;
    record.addWaiter({ wake: (_, isNow) => (isHeld && !isNow ? ready({ step, whose }) : step()), whose });
    if (awaiter === undefined) return;
    const { ending } = awaiter;
    if (ending === undefined) awaiter.adopt(operation);
    // An `await` asks one microtask later: a greenlet that was killed in between must not wait. What was begun after the kill may wait,
    // once the kill was told.
    else if (awaiter === record.owner || !ending.isTold) operation.reject(ending.error);
  });
}
