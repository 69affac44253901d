/**
 * Objects of one shape (the same keys in the same order) name their keys once a packet.
 *
 *   0 n key…    a new shape, numbered from here on
 *   1 n key…    keys that are not worth a number; hidden ones come last, each after HIDDEN_KEY and its flags
 *   id + 2      shape `id`
 */

import { type Reader, damaged } from '../packet/reader.ts';
import { readKey, writeKey } from '../kinds/symbols.ts';
import * as tag from '../packet/tags.ts';
import type { Writer } from '../packet/writer.ts';

/** Objects with more keys than this are dictionaries, not records: no second one will have the same keys. */
const RECORD_LIMIT = 48;

interface Node {
  id: number;
  /** The step taken last: records come in rows. */
  key: PropertyKey | undefined;
  next: Node | undefined;
  others: Map<PropertyKey, Node> | undefined;
}

const newNode = (): Node => ({ id: -1, key: undefined, next: undefined, others: undefined });

export class WrittenShapes {
  #root: Node = newNode();
  readonly #known: Node[] = [];

  get count(): number {
    return this.#known.length;
  }

  clear(): void {
    if (this.#known.length === 0) return;
    this.#root = newNode();
    this.#known.length = 0;
  }

  /** Forgets the shapes from `count` on: the bytes that told of them are gone. */
  truncate(count: number): void {
    for (const node of this.#known.splice(count)) node.id = -1;
  }

  write(writer: Writer, keys: readonly PropertyKey[]): void {
    if (keys.length > RECORD_LIMIT) {
      writer.varint(1);
      writeKeys(writer, keys);
      return;
    }
    let node = this.#root;
    for (let i = 0; i < keys.length; i += 1) {
      const key = keys[i] as PropertyKey;
      node = node.key === key ? (node.next as Node) : step(node, key);
    }
    if (node.id >= 0) {
      writer.varint(node.id + 2);
      return;
    }
    node.id = this.#known.length;
    this.#known.push(node);
    writer.varint(0);
    writeKeys(writer, keys);
  }
}

function step(node: Node, key: PropertyKey): Node {
  node.others ??= new Map();
  let next = node.others.get(key);
  if (next === undefined) {
    next = newNode();
    node.others.set(key, next);
  }
  node.key = key;
  node.next = next;
  return next;
}

function writeKeys(writer: Writer, keys: readonly PropertyKey[]): void {
  writer.varint(keys.length);
  for (const key of keys) writeKey(writer, key);
}

/** A property that is not enumerable, and its flags. */
export type HiddenKey = readonly [key: PropertyKey, flags: number];

/** Writes keys of an object that has hidden properties. */
export function writeMixedShape(writer: Writer, visible: readonly PropertyKey[], hidden: readonly HiddenKey[]): void {
  writer.varint(1);
  writer.varint(visible.length + hidden.length);
  for (const key of visible) writeKey(writer, key);
  for (const [key, flags] of hidden) {
    writer.byte(tag.HIDDEN_KEY);
    writer.byte(flags);
    writeKey(writer, key);
  }
}

export interface Shape {
  /** The enumerable ones. */
  readonly keys: readonly PropertyKey[];
  readonly hidden: readonly HiddenKey[] | undefined;
  /** All keys can be set by assignment on a plain object; those that its prototype has cannot. */
  readonly isSimple: boolean;
  /** The last prototype that was checked for keys of this shape, and whether it had none. */
  family: object | null;
  isSimpleThere: boolean;
}

export class ReadShapes {
  readonly #known: Shape[] = [];

  clear(): void {
    if (this.#known.length > 0) this.#known.length = 0;
  }

  /** A prototype may have got new properties. */
  forgetFamilies(): void {
    for (const shape of this.#known) shape.family = null;
  }

  read(reader: Reader): Shape {
    const code = reader.varint();
    if (code > 1) {
      const shape = this.#known[code - 2];
      if (shape === undefined) throw damaged('a shape is missing');
      return shape;
    }
    const count = reader.count(1);
    const keys: PropertyKey[] = [];
    let isSimple = true;
    let hidden: HiddenKey[] | undefined;
    for (let i = 0; i < count; i += 1) {
      if (code === 1 && reader.bytes[reader.position] === tag.HIDDEN_KEY) {
        reader.position += 1;
        const flags = reader.byte();
        hidden ??= [];
        hidden.push([readKey(reader), flags]);
        continue;
      }
      const key = readKey(reader);
      // `__proto__`, and what a program has put there.
      if (key in Object.prototype) isSimple = false;
      keys.push(key);
    }
    const shape = { keys, hidden, isSimple, family: null, isSimpleThere: isSimple };
    if (code === 0) this.#known.push(shape);
    return shape;
  }
}
