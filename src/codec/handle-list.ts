/** The shared objects that a packet names, each once, in the order in which they were met. There may be very many. */
export class HandleList {
  readonly #list: object[] = [];
  readonly #known: Set<object> = new Set();

  get length(): number {
    return this.#list.length;
  }

  /** As an array's: those behind it are forgotten. */
  set length(length: number) {
    for (const object of this.#list.splice(length)) this.#known.delete(object);
  }

  add(object: object): void {
    if (this.#known.has(object)) return;
    this.#known.add(object);
    this.#list.push(object);
  }

  toArray(): object[] {
    return [...this.#list];
  }
}
