/** A Sync call blocks its thread: its async waiters are passed over meanwhile, and look when it is back. */

import { beforeBlock } from '../../before-block.ts';
import { me, theAgent } from '../threads/agent.ts';
import { setBlocked } from '../threads/slots.ts';

export function blockThread<R>(wait: () => R): R {
  beforeBlock();
  // A thread that has not met the heap has no waiters there.
  if (me === 0) return wait();
  const { waits } = theAgent();
  setBlocked(true);
  // ORDER: after setting `blocked`; pairs with a caller, which calls and then looks whether the thread is blocked.
  for (const one of waits) one.pass();
  try {
    return wait();
  } finally {
    setBlocked(false);
    waits.kick();
  }
}
