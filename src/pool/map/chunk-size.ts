/**
 * How many items travel together. One at first; then, from what the workers measure, as many as take about ten
 * milliseconds: the cost of a message disappears behind tiny items, and slow items still spread over all workers.
 */

const targetMs = 10;
const targetBytes = 1024 * 1024;
const maxItems = 16_384;
/** Items that a worker may begin before it reports: about a millisecond's worth. */
const leaseMs = 1;
/** The largest ratio of a chunk's length to the last one's: the first measurements are rough. */
const maxGrowth = 8;
/** How much older measurements count beside a new one. */
const memory = 0.7;

export class ChunkSize {
  readonly #fixed: number | undefined;
  #size = 1;
  #items = 0;
  #ms = 0;
  #bytesPerItem = 0;
  /** Sum of the sizes of results, as far as it counts. */
  #results = 0;

  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  get value(): number {
    return this.#fixed ?? this.#size;
  }

  get isFixed(): boolean {
    return this.#fixed !== undefined;
  }

  /** Items that may have begun, beside the first, when a worker is lost that has not reported any of a chunk. */
  get lease(): number {
    return this.#items === 0 ? 1 : Math.max(1, Math.floor((leaseMs * this.#items) / Math.max(this.#ms, 1e-3)));
  }

  /** Bytes of a result, on the average of the last ones. */
  get resultBytes(): number {
    return this.#items === 0 ? 0 : this.#results / this.#items;
  }

  /** True if a chunk of `bytes` bytes should be sent as it is. */
  isHeavy(bytes: number): boolean {
    return this.#fixed === undefined && bytes >= targetBytes;
  }

  /** A chunk of `items` was encoded. */
  weighed(items: number, bytes: number): void {
    this.#bytesPerItem = bytes / items;
  }

  /** A worker spent `ms` on `items`, whose results are `bytes` long. */
  measured(items: number, ms: number, bytes: number): void {
    if (items === 0) return;
    this.#results = this.#results * memory + bytes;
    this.#items = this.#items * memory + items;
    this.#ms = this.#ms * memory + ms;
    const byTime = (targetMs * this.#items) / Math.max(this.#ms, 1e-6);
    const byBytes = targetBytes / Math.max(this.#bytesPerItem, this.resultBytes, 1);
    this.#size = Math.max(1, Math.floor(Math.min(byTime, byBytes, this.#size * maxGrowth, maxItems)));
  }
}
