/** The modes of terminals: whether keys arrive one by one (`setRawMode`), and whether they are shown. */

import { native, whatIsMissing } from './native.ts';

/** More than a `struct termios` takes. */
const bytes = 64;

/**
 * The modes of the terminals at descriptors 0 to 2, as one text. At exit, a process of Node restores them to their state at its start.
 * Empty where they are not terminals, and without native calls.
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
