/** The identity of this thread among all threads and processes that ever meet. */

import { threadId } from 'node:worker_threads';

/** A number is given again to a later process, so a moment and a random number go with it. */
const random = BigInt(Math.floor(Math.random() * 2 ** 48));
const once = BigInt.asUintN(48, random ^ process.hrtime.bigint())
  .toString(16)
  .padStart(12, '0');

export const realmId: string = `${process.pid}.${threadId}.${once}`;
