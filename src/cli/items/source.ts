/** Where items come from. Sources are lazy: nothing is read before it is asked for, so an endless one is no problem. */

export interface Item {
  readonly value: unknown;
  /** Line of the input it stands on, from 1. */
  readonly line?: number;
  /** The item could not be read, for this reason; it counts as failed and the others go on. */
  readonly broken?: string;
}

/** What feeds one run of `heddle map`. */
export interface Input {
  /** As many at a time as come together: an `await` for each would cost more than many a function does. */
  readonly items: Iterable<readonly Item[]> | AsyncIterable<readonly Item[]>;
  /** How many items there will be, as soon as that is known; null if it cannot be. Costs a second look at the source. */
  total(): Promise<number | null>;
  /** Stops reading: `items` ends, also in the middle of a wait for more. */
  close(): void;
  /** What to say if there was no item at all, where that is probably a mistake. */
  readonly ifEmpty?: string;
  /** The file that is read, for the check that it is not written to at the same time. */
  readonly file?: string;
}

/** Items that were given as arguments. */
export function argumentInput(words: readonly string[]): Input {
  let isOpen = true;
  return {
    items: (function* () {
      for (const value of words) {
        if (!isOpen) return;
        yield [{ value }];
      }
    })(),
    total: () => Promise.resolve(words.length),
    close: () => {
      isOpen = false;
    },
  };
}
