/** How a process is killed right after one of the words that it writes into the shared heap. */

import { replaceStepper, type Stepper } from '#src/memory/index.js';

const real = Atomics as unknown as Record<string, (words: Int32Array, index: number, a: number, b: number) => number>;

/** Runs an action. This process is killed in its middle, after `write` writes, or the action ends it with exit code 7. */
export function killedAt(write: number, action: () => void): never {
  let left = write;
  const stepper: Stepper = (operation, words, index, a, b) => {
    if (words === undefined) return 0;
    const result = real[operation]!(words, index, a, b);
    if (operation !== 'load' && --left === 0) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  replaceStepper(stepper);
  action();
  replaceStepper(undefined);
  process.exit(7);
}
