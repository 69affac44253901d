/** Who this thread is among all threads and processes that ever meet. */

import { randomBytes } from 'node:crypto';
import { threadId } from 'node:worker_threads';

export const realmId: string = `${process.pid}.${threadId}.${randomBytes(6).toString('hex')}`;
