/**
 * Layouts: what lies where in a record of the heap. Each is declared once, beside the code that reads it; `heddle doctor --layout` prints them
 * all. A record is a row of 32-bit words; offsets are counted in words from its first one.
 */

/**
 * The content of a word: a count, some bits, a slot id (0: none), a reference to a block (0: none), milliseconds, half of a longer number.
 */
export type WordType = 'uint32' | 'int32' | 'bits' | 'slot' | 'ref' | 'ms' | 'half';

/** [type, meaning, how many words (1)] */
export type Field = readonly [type: WordType, meaning: string, count?: number];

/** A field of a record in the shared heap. */
export interface LayoutField {
  /** The name. */
  readonly name: string;
  /** The offset in words from the start of the record. */
  readonly offset: number;
  /** The number of words. */
  readonly count: number;
  /** The content of a word. */
  readonly type: WordType;
  /** The meaning, in words. */
  readonly meaning: string;
}

/** The layout of a record in the shared heap. */
export interface Layout {
  /** The name. */
  readonly name: string;
  /** The meaning, in words. */
  readonly meaning: string;
  /** In words. */
  readonly size: number;
  /** The fields, by offset. */
  readonly fields: readonly LayoutField[];
}

const layouts: Layout[] = [];

/** All that were declared by the modules that are loaded. */
export function allLayouts(): readonly Layout[] {
  return layouts;
}

/**
 * Declares a record and gives the offsets of its fields, in the order in which they are listed. A constant of its own for each offset
 * (`const OWNER = at.owner`) is as fast as a number in the code.
 */
export function layout<Names extends string>(
  name: string,
  meaning: string,
  fields: Readonly<Record<Names, Field>>,
): Readonly<Record<Names | 'size', number>> {
  const offsets: Record<string, number> = {};
  const described: LayoutField[] = [];
  let offset = 0;
  for (const [key, [type, what, count = 1]] of Object.entries<Field>(fields)) {
    offsets[key] = offset;
    described.push({ name: key, offset, count, type, meaning: what });
    offset += count;
  }
  layouts.push({ name, meaning, size: offset, fields: described });
  return { ...offsets, size: offset } as Readonly<Record<Names | 'size', number>>;
}
