/** How the runner's frames look in a stack: compiled and, where Node maps stack traces itself, in source. Below them there is only what delivered the task. */

import { fileURLToPath } from 'node:url';

export const ownFrames: readonly string[] = [
  new URL('.', import.meta.url).href,
  fileURLToPath(new URL('.', import.meta.url)),
  fileURLToPath(new URL('../../src/worker/', import.meta.url)),
];
