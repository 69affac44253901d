/** A promise of what a wait comes to, for who awaits it. An async greenlet that is killed meanwhile is thrown out of it. */

import { InvalidStateError } from '../errors.ts';
import { currentOwner } from './owner.ts';
import { type Actor, isHeld, ready } from './ready.ts';
import { DONE, FAILED, LEFT, type WaitRecord } from './wait-record.ts';

/** Who awaits something, and is not in an async greenlet. */
const awaited: Actor = { describe: () => 'an await', isAsync: true };

export function promiseOf(record: WaitRecord): Promise<any> {
  const operation = record.listed;
  if (record.state === DONE) return Promise.resolve(record.result);
  if (record.state === FAILED) return Promise.reject(record.result);
  if (record.state === LEFT) return Promise.reject(new InvalidStateError(`${operation.describe()} was given up: nobody waited for it`));
  const awaiter = currentOwner();
  return new Promise((resolve, reject) => {
    const step = (): void => {
      awaiter?.disown(operation);
      if (record.state === DONE) return resolve(record.result);
      const ending = awaiter?.ending;
      if (ending !== undefined && ending.error === record.result) ending.isTold = true;
      reject(record.result);
    };
    // Where a test says whose turn it is, whoever awaits has to stand in line like the others.
    const whose = awaiter?.living ?? awaited;
    record.addWaiter({ wake: (_, isNow) => (isHeld && !isNow ? ready({ step, whose }) : step()), whose });
    if (awaiter === undefined) return;
    const { ending } = awaiter;
    if (ending === undefined) awaiter.adopt(operation);
    // An `await` asks a moment later: killed in between, it must not wait. What was begun after the kill may, once that is known.
    else if (awaiter === record.owner || !ending.isTold) operation.reject(ending.error);
  });
}
