/**
 * The parts that thrown errors in a message lack, because they cannot cross.
 *
 * An error is a report: it had better arrive without its socket than not at all. That a part cannot cross shows only
 * somewhere inside it, perhaps late in the message; so the message is written again without that part. The stack of the
 * error says so:
 *
 *   Error: upstream failed
 *       at fetchAll (/app/work.js:3:9)
 *     arrived without its request: error.request.socket: a Socket cannot cross
 */

import { types } from 'node:util';
import { pathStep, type ErrorField } from '../packet/trail.ts';

/** The number of failures after which all errors of the message are reduced to scalars, causes and messages. */
const PATIENCE = 16;
/** The number of failures after which the message is given up. */
const LIMIT = 1000;

export class Omitted {
  /** Why each part was refused. */
  readonly #fields = new Map<object, Map<PropertyKey | undefined, string>>();
  #failures = 0;

  /** Records a field. Returns true if writing the message again makes sense. */
  add({ owner, key }: ErrorField, why: string): boolean {
    let keys = this.#fields.get(owner);
    if (keys === undefined) {
      keys = new Map();
      this.#fields.set(owner, keys);
    }
    this.#failures += 1;
    if (keys.has(key) || this.#failures > LIMIT) return false;
    keys.set(key, why);
    return true;
  }

  has(owner: object, key: PropertyKey | undefined): boolean {
    return this.#failures > 0 && this.#fields.get(owner)?.has(key) === true;
  }

  /** True for a value that is left out because too much in this message has failed. */
  isTooRich(key: PropertyKey, value: unknown): boolean {
    return this.#failures > PATIENCE && isRich(value) && key !== 'errors';
  }

  /** Lines below the stack of an error that name what is missing; mostly empty. */
  told(error: object, Class: object | undefined): string {
    if (this.#failures === 0) return '';
    const lines: string[] = [];
    const ofClass = Class === undefined ? undefined : this.#fields.get(Class)?.get(undefined);
    if (ofClass !== undefined) lines.push(`its class: ${ofClass}`);
    for (const [key, why] of this.#fields.get(error) ?? []) if (key !== undefined) lines.push(`its ${pathStep(key)}: ${why}`);
    if (this.#failures > PATIENCE && hasMore(error))
      lines.push(`what of it is no scalar: more than ${PATIENCE} parts of the errors in this message cannot cross`);
    return lines.map((line) => `\n  arrived without ${line}`).join('');
  }

  clear(): void {
    if (this.#failures === 0) return;
    this.#fields.clear();
    this.#failures = 0;
  }
}

const hasMore = (error: object): boolean =>
  Object.entries(Object.getOwnPropertyDescriptors(error)).some(([key, { value }]) => key !== 'errors' && isRich(value));

const isRich = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && !types.isNativeError(value));
