/** Items of a priority queue: each goes with its key, and all keys of one queue are of one kind. */

import { compareExchange, load } from '#atomics';
import { expected } from '../../check.ts';
import { type Block, blockOf, type SharedObject } from '../../memory/index.ts';
import { TypeError } from '../../refusals.ts';
import { type Batch, Items, type Packed } from '../items.ts';
import { KEYS } from './record.ts';

/** The kinds of a queue's items, by the number that its word KEYS has from the first put on. */
const kinds = ['', 'a number', 'a string', 'a tuple [number, …]', 'a tuple [string, …]'] as const;

type Key = number | string;

interface Keyed extends Packed {
  readonly key: Key;
  /** Index in `kinds`. */
  readonly items: number;
}

export class PriorityItems extends Items {
  readonly #block: Block;

  constructor(queue: SharedObject) {
    super(queue);
    this.#block = blockOf(queue);
  }

  /** @throws TypeError also if the item has no priority, or one of another kind than those before */
  override pack(value: unknown, transfer?: readonly ArrayBuffer[], batch?: Batch): Keyed {
    const isTuple = Array.isArray(value);
    const key: unknown = isTuple ? value[0] : value;
    const isText = typeof key === 'string';
    if (!isText && (typeof key !== 'number' || Number.isNaN(key)))
      throw new TypeError(expected('item', 'a number, not NaN, a string, or a tuple [priority, …] that begins with one of them', value));
    const items = (isTuple ? 3 : 1) + (isText ? 1 : 0);
    const { words: there, at } = this.#block;
    const known = load(there, at + KEYS);
    if (known !== 0 && known !== items) throw new TypeError(expected('item', `${kinds[known]!}, as those before`, value));
    const { kind, words, length, from, isOwn } = super.pack(value, transfer, batch);
    return { kind, words, length, from, isOwn, key, items };
  }

  override admit(messages: readonly Packed[]): void {
    if (messages.length === 0) return;
    const { items, key } = messages[0] as Keyed;
    const { words, at } = this.#block;
    const other = (messages as readonly Keyed[]).find((message) => message.items !== items);
    const known = other === undefined ? compareExchange(words, at + KEYS, 0, items) : items;
    if (other === undefined && (known === 0 || known === items)) return;
    for (const message of messages) this.drop(message);
    throw new TypeError(expected('item', `${kinds[known]!}, as those before`, (other ?? { key }).key));
  }
}
