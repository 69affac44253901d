/**
 * `monkey`: finds what blocks the thread, and with it every greenlet but one. The name is gevent's; there `patch_all` makes calls
 * cooperative, which Node's are, so here it finds those that are not.
 *
 *   patch.ts      puts a wrapper around every function of targets.ts, and takes it away
 *   calls.ts      what a wrapper does: whose call is it, how long does it take      ──┐
 *   steps.ts      measures the steps of greenlets                                   ──┼──▶ tell.ts: a warning, an error, a callback
 *   watchdog.ts   looks from another thread at a step while it lasts: where is it?  ──┘
 */

export { isPatched, patchAll, type PatchOptions, unpatchAll } from './patch.ts';
export type { Blocked, OnBlock } from './tell.ts';
