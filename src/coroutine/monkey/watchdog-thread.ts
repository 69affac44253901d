/** The watchdog's own thread: see watchdog.ts. */

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { BEATS, IS_DEBUGGED, LENGTH, textOf, type WatchdogData, wordsOf } from './board.ts';

const { board, period, limit, patience, expression } = workerData as WatchdogData;
const words = wordsOf(board);
const text = textOf(board);

let beats = -1;
/** When the counter was last seen to move. */
let since = performance.now();
let ticked = since;
/** The silence after which it samples: a beat may have been nearly due when the step began. */
let lookAt = limit + period;
let isTold = false;
/** While the main thread is asked, or paused. */
let session: Session | undefined;
/** The sampled greenlet, and the stack below; '' without a sample. */
let seen = '';

setInterval(() => {
  const now = performance.now();
  // If this thread itself is late, the machine is busy or was asleep. That time is not counted for any step.
  if (now - ticked > 2 * period) since += now - ticked - period;
  ticked = now;
  const counted = Atomics.load(words, BEATS);
  if (counted !== beats) {
    beats = counted;
    since = now;
    lookAt = limit + period;
    isTold = false;
    seen = '';
    return;
  }
  const silence = now - since;
  const length = Atomics.load(words, LENGTH);
  const isSeen = seen !== '' || length > 0;
  if (silence < patience && silence > lookAt && !isSeen && session === undefined && Atomics.load(words, IS_DEBUGGED) === 0) {
    // Samples again if no greenlet was found: the sample may have been between two parts of an async function.
    lookAt = silence * 1.5;
    ask();
  }
  if (silence < patience || isTold) return;
  const [who, ...stack] = (length === 0 ? seen : text.toString('utf8', 0, length)).split('\n');
  if (who === '') return;
  isTold = true;
  const lines = [`heddle: ${who} has kept this thread from all others for ${Math.round(silence)} ms, and still does`, ...stack];
  writeSync(2, `${lines.join('\n')}\n`);
}, period);

/** Pauses the main thread at its next statement, and lets it look where it is. */
function ask(): void {
  const opened = new Session();
  session = opened;
  opened.connectToMainThread();
  opened.once('Debugger.paused', () => {
    opened.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (_error, reply) => {
      const value: unknown = reply?.result.value;
      if (typeof value === 'string') seen = value;
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
