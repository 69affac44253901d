/** What the words of the model's memory are called: `lock.owner`, `Slot 2.blocked`. */

import { allLayouts, type Layout, slotCount, slotsBegin } from '../../memory/index.ts';

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
  readonly #slot: Layout | undefined = layoutNamed('Slot');

  constructor(first: Int32Array) {
    this.#first = first;
  }

  add(label: string, at: number, size: number, layout: Layout | undefined): void {
    this.#regions.push({ label, at, size, layout });
  }

  of(words: Int32Array, index: number): string {
    if (words !== this.#first) return `word ${index}`;
    const region = this.#regions.find(({ at, size }) => index >= at && index < at + size);
    if (region !== undefined) return region.size === 1 ? region.label : `${region.label}${fieldOf(region.layout, index - region.at)}`;
    const slot = this.#slot;
    if (slot !== undefined && index >= slotsBegin && index < slotsBegin + slotCount * slot.size)
      return `Slot ${Math.floor((index - slotsBegin) / slot.size)}${fieldOf(slot, (index - slotsBegin) % slot.size)}`;
    return `word ${index}`;
  }
}

function fieldOf(layout: Layout | undefined, offset: number): string {
  const field = layout?.fields.find((one) => offset >= one.offset && offset < one.offset + one.count);
  if (field === undefined) return `[${offset}]`;
  return field.count === 1 ? `.${field.name}` : `.${field.name}[${offset - field.offset}]`;
}

export function layoutNamed(name: string): Layout | undefined {
  return allLayouts().find((layout) => layout.name === name);
}
