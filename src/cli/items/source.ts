/** The sources of items. Sources are lazy: they read only when asked, so that an endless one works. */

export interface Item {
  readonly value: unknown;
  /** Line of the input it stands on, from 1. */
  readonly line?: number;
  /** The item could not be read, for this reason; it counts as failed and the others go on. */
  readonly broken?: string;
}

/** The input of one run of `heddle map`. */
export interface Input {
  /** As many at a time as come together: an `await` for each would cost more than many a function does. */
  readonly items: Iterable<readonly Item[]> | AsyncIterable<readonly Item[]>;
  /** How many items there will be, as soon as that is known; null if it cannot be. Costs a second look at the source. */
  total(): Promise<number | null>;
  /** Stops reading: `items` ends, also in the middle of a wait for more. */
  close(): void;
  /** The message for an input without items, where that is probably a mistake. */
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
