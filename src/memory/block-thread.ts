/** A Sync call blocks its thread: its async waiters are passed over meanwhile, and look when it is back. */

import { theAgent } from './agent.ts';
import { setBlocked } from './slots.ts';

export function blockThread<R>(wait: () => R): R {
  const { waits } = theAgent();
  setBlocked(true);
  // ORDER: after saying so; pairs with who calls and then looks whether its thread is blocked.
  for (const one of waits) one.pass();
  try {
    return wait();
  } finally {
    setBlocked(false);
    waits.kick();
  }
}
