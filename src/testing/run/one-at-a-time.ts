/** There is one loop in a thread, so that one test at a time can have its clock or say whose turn it is. */

import { InvalidStateError } from '../../errors.ts';

let holder: string | undefined;

/** Gives what ends the claim. */
export function claim(name: string): () => void {
  if (holder !== undefined)
    throw new InvalidStateError(`${name} needs the loop for itself, and ${holder} has it: one after the other, please`);
  holder = name;
  return () => {
    holder = undefined;
  };
}
