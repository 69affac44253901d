/** How a worker ends when its host wants it to: what it printed leaves first, `exit` listeners run. */

import { isMainThread } from 'node:worker_threads';

// User code may replace process.exit; ending on order must not depend on it.
const exit = process.exit.bind(process);
let isExiting = false;

export function exitInOrder(): void {
  if (isExiting) return;
  isExiting = true;
  // A process writes its output synchronously; a thread hands it to the main thread in steps.
  const streams = isMainThread ? [] : [process.stdout, process.stderr].filter((stream) => stream.writableLength > 0);
  let left = streams.length;
  if (left === 0) exit();
  for (const stream of streams) {
    stream.write('', () => {
      if (--left === 0) exit();
    });
  }
}
