/**
 * What errors in a message do without, because it cannot cross.
 *
 * An error is a report: it had better arrive without its socket than not at all. That a part cannot cross shows only
 * somewhere inside it, perhaps late in the message; so the message is written again without that part.
 */

import { types } from 'node:util';
import type { ErrorField } from './trail.ts';

/** After so many failures all errors of the message are reduced to scalars, causes and messages. */
const PATIENCE = 16;
/** And after so many it is given up. */
const LIMIT = 1000;

export class Omitted {
  readonly #fields = new Map<object, Set<PropertyKey | undefined>>();
  #failures = 0;

  /** Whether it makes sense to write the message again. */
  add({ owner, key }: ErrorField): boolean {
    let keys = this.#fields.get(owner);
    if (keys === undefined) {
      keys = new Set();
      this.#fields.set(owner, keys);
    }
    this.#failures += 1;
    if (keys.has(key) || this.#failures > LIMIT) return false;
    keys.add(key);
    return true;
  }

  has(owner: object, key: PropertyKey | undefined, value?: unknown): boolean {
    if (this.#failures === 0) return false;
    if (this.#fields.get(owner)?.has(key) === true) return true;
    return this.#failures > PATIENCE && isRich(value) && key !== 'errors';
  }

  clear(): void {
    if (this.#failures === 0) return;
    this.#fields.clear();
    this.#failures = 0;
  }
}

const isRich = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && !types.isNativeError(value));
