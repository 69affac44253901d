/** What is told to people: errors that nobody sees, and a program in which everything waits for each other. */

import { inspect } from 'node:util';
import { WaitList } from '../loop/index.ts';
import type { Activity } from './activity.ts';
import { describeSite } from './spawn-site.ts';

/** Those that were started and have not ended. */
class Alive extends WaitList<Activity> {
  #isWatched = false;

  override push(activity: Activity): void {
    super.push(activity);
    if (this.#isWatched) return;
    this.#isWatched = true;
    process.on('beforeExit', reportDeadlock);
  }
}

export const alive: WaitList<Activity> = new Alive();

/** Tells of an error, once, unless somebody looks at it in this turn of the event loop. */
export function reportFailure(activity: Activity, error: unknown, what: string): void {
  setImmediate(() => {
    if (what === 'failed' && activity.isSeen) return;
    activity.isSeen = true;
    process.stderr.write(`heddle: ${activity.greenlet.name} ${what}: ${inspect(error)}\n    ${describeSite(activity.site)}\n`);
  });
}

/** Of more than this the rest is counted. */
const SHOWN = 20;

/**
 * The event loop has nothing left to do, and greenlets wait: nobody can wake them. gevent throws a LoopExit into whoever waits in the main
 * greenlet; here the program says who waits for whom, and its exit code is 1.
 */
function reportDeadlock(): void {
  const waiting = [...alive].filter((activity) => !activity.isDaemon);
  if (waiting.length === 0) return;
  process.off('beforeExit', reportDeadlock);
  const lines = [`heddle: nothing can go on: ${waiting.length === 1 ? '1 greenlet waits' : `${waiting.length} greenlets wait`} for ever`];
  for (const activity of waiting.slice(0, SHOWN))
    lines.push(`  ${activity.greenlet.name} waits for ${activity.describeWait()}`, `    ${describeSite(activity.site)}`);
  if (waiting.length > SHOWN) lines.push(`  and ${waiting.length - SHOWN} more`);
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode ??= 1;
}
