/** The modes of terminals: whether keys arrive one by one (`setRawMode`), and whether they are shown. */

import { native, whatIsMissing } from './native.ts';

/** More than a `struct termios` takes. */
const bytes = 64;

/**
 * The modes of the terminals at descriptors 0 to 2, as one text. A process of Node puts them back, when it exits, to what they were when it started.
 * Empty where they are no terminals, and where native calls are missing.
 */
export function terminalModes(): string {
  if (whatIsMissing(['tcgetattr']) !== undefined) return '';
  const tcgetattr = native('tcgetattr');
  return [0, 1, 2]
    .map((descriptor) => {
      const modes = Buffer.alloc(bytes);
      return tcgetattr(descriptor, modes) === 0 ? modes.toString('hex') : '';
    })
    .join();
}
