/** The names of words in the model's memory: `lock.owner`, `slot of B.blocked`; and of their values, where those are threads. */

import { allLayouts, type Layout, slotCount, slotFields, slotsBegin } from '../../memory/index.ts';
import { TypeError } from '../../refusals.ts';

interface Region {
  readonly label: string;
  /** In words of the first segment. */
  readonly at: number;
  readonly size: number;
  readonly layout: Layout | undefined;
}

export class Names {
  readonly #regions: Region[] = [];
  readonly #first: Int32Array;
  readonly #slot: Layout = layoutNamed('Slot');
  readonly #threads: ReadonlyMap<number, string>;

  /** @param threads their names, by the ids of their slots */
  constructor(first: Int32Array, threads: ReadonlyMap<number, string>) {
    this.#first = first;
    this.#threads = threads;
  }

  /** A value: the name of a thread, if it is the id of one. */
  value(value: number): string {
    return this.#threads.get(value) ?? String(value);
  }

  add(label: string, at: number, size: number, layout: Layout | undefined): void {
    this.#regions.unshift({ label, at, size, layout });
  }

  of(words: Int32Array, index: number): string {
    if (words !== this.#first) return `word ${index}`;
    const region = this.#regions.find(({ at, size }) => index >= at && index < at + size);
    if (region !== undefined) return region.size === 1 ? region.label : `${region.label}${fieldOf(region.layout, index - region.at)}`;
    const slot = this.#slot;
    if (index >= slotsBegin && index < slotsEnd) {
      const number = Math.floor((index - slotsBegin) / slot.size);
      return `slot of ${this.#threads.get(slotId(number)) ?? number}${fieldOf(slot, (index - slotsBegin) % slot.size)}`;
    }
    return `word ${index}`;
  }
}

function fieldOf(layout: Layout | undefined, offset: number): string {
  const field = layout?.fields.find((one) => offset >= one.offset && offset < one.offset + one.count);
  if (field === undefined) return `[${offset}]`;
  return field.count === 1 ? `.${field.name}` : `.${field.name}[${offset - field.offset}]`;
}

/** @throws TypeError if no such layout was declared */
export function layoutNamed(name: string): Layout {
  const found = allLayouts().find((layout) => layout.name === name);
  if (found === undefined)
    throw new TypeError(
      `there is no layout '${name}': known are ${allLayouts()
        .map((one) => one.name)
        .join(', ')}`,
    );
  return found;
}

/** The id of a slot, of its first generation. */
export const slotId = (number: number): number => (1 << 12) | number;

/** Where the slots end, in words. */
export const slotsEnd: number = slotsBegin + slotCount * slotFields.size;
