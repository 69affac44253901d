/**
 * Puts results back into the order of their items.
 *
 *     next ──▶ 4   5   6   7   8          an item that failed leaves its place empty: it is passed over
 *              ·   "b" ·   –   "e"        put(4, "a") then gives "a" and "b"
 *
 * One slow item must not make everything behind it pile up: `isFull` says when nothing new should be begun.
 */

/** The most results, and characters, that may wait behind a missing one. */
const MAX_ITEMS = 65_536;
const MAX_SIZE = 64 * 1024 * 1024;

export class Order {
  readonly #waiting: Map<number, string | null> = new Map();
  #next = 0;
  #size = 0;
  #wake: (() => void) | undefined;

  /** Takes the result of item `index`, null if it has none; gives the results whose turn it is now. */
  put(index: number, result: string | null): string[] {
    if (index !== this.#next) {
      this.#waiting.set(index, result);
      this.#size += result?.length ?? 0;
      return [];
    }
    const ready = result === null ? [] : [result];
    for (let at = ++this.#next; this.#waiting.has(at); at = ++this.#next) this.#take(at, ready);
    if (!this.isFull) this.#wake?.();
    return ready;
  }

  /** All that is there, across the gaps. */
  rest(): string[] {
    const ready: string[] = [];
    for (const index of [...this.#waiting.keys()].sort((a, b) => a - b)) this.#take(index, ready);
    return ready;
  }

  get isFull(): boolean {
    return this.#waiting.size >= MAX_ITEMS || this.#size >= MAX_SIZE;
  }

  /** Waits until there is room again. */
  async room(): Promise<void> {
    while (this.isFull) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #take(index: number, into: string[]): void {
    const result = this.#waiting.get(index);
    this.#waiting.delete(index);
    if (typeof result !== 'string') return;
    this.#size -= result.length;
    into.push(result);
  }
}
