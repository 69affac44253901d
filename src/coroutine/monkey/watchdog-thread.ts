/** The watchdog's own thread: see watchdog.ts. */

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { BEATS, IS_DEBUGGED, type WatchdogData } from './board.ts';

const { board, period, limit, patience, expression } = workerData as WatchdogData;

let beats = -1;
/** When the counter was last seen to move. */
let since = performance.now();
let ticked = since;
let isAsked = false;
let isTold = false;
/** While the main thread is asked, or paused. */
let session: Session | undefined;
/** The greenlet that was seen, and its stack. */
let seen: readonly [name: string, stack: string] | undefined;

setInterval(() => {
  const now = performance.now();
  // If we come late ourselves, the machine is busy or was asleep: that is nobody's step.
  if (now - ticked > 2 * period) since += now - ticked - period;
  ticked = now;
  const counted = Atomics.load(board, BEATS);
  if (counted !== beats) {
    beats = counted;
    since = now;
    isAsked = false;
    isTold = false;
    seen = undefined;
    return;
  }
  const silence = now - since;
  // A beat may have been nearly due when the step began.
  if (silence > limit + period && !isAsked && session === undefined && Atomics.load(board, IS_DEBUGGED) === 0) ask();
  if (silence > patience && !isTold && seen !== undefined) {
    isTold = true;
    writeSync(2, `heddle: ${seen[0]} has kept this thread from all others for ${Math.round(silence)} ms, and still does\n${seen[1]}\n`);
  }
}, period);

/** Pauses the main thread at its next statement, and lets it look where it is. */
function ask(): void {
  isAsked = true;
  const opened = new Session();
  session = opened;
  opened.connectToMainThread();
  opened.once('Debugger.paused', () => {
    opened.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (_error, reply) => {
      seen = reply?.result.value as typeof seen;
      opened.post('Debugger.resume');
      opened.post('Debugger.disable', hangUp);
    });
  });
  opened.post('Debugger.enable');
  opened.post('Debugger.pause');
}

/** A main thread that is paused goes on by this. */
function hangUp(): void {
  session?.disconnect();
  session = undefined;
}

parentPort?.once('message', () => {
  hangUp();
  process.exit();
});
