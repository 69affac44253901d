/**
 * The encoder's place in a value, kept so cheaply that it can be kept always: two array stores for each container, one for each element.
 * The path is put into words only at a refusal.
 *
 *   args[0].rows[3].get("key").handle
 */

import { quote } from '../../check.ts';
import type { Part } from '../courier.ts';

/** How a container is left towards an element. */
export const FIELD = 0;
export const INDEX = 1;
export const MAP_KEY = 2;
export const MAP_VALUE = 3;
export const SET_VALUE = 4;
/** The key is a word of our own, such as `[[Prototype]]`. */
export const SLOT = 5;
/** The key is an {@link ErrorField}. */
export const ERROR_FIELD = 6;
/** The key is a part of a function, whose path begins anew, such as `worker → config`, whatever led there. */
export const ROOT = 7;

/** A part of an error, which the error can do without if it was thrown. */
export interface ErrorField {
  /** The error; for its class, the class. */
  readonly owner: object;
  /** A property; `undefined` for the class. */
  readonly key: PropertyKey | undefined;
}

/** The way to the present place, on which a remedy depends. */
export interface Where {
  readonly from: 'argument' | 'capture' | 'result' | 'item';
  /** The captured variable: the outermost that is not a function. */
  readonly name: string | undefined;
  /** The place is somewhere inside of what the variable holds. */
  readonly isDeeper: boolean;
}

/** Values nested deeper than this are written after the message's top value: the machine's stack is not endless. */
export const DEPTH_LIMIT = 100;

/** A place left behind, to come back to later; the last one is a root's name. */
export type Place = string | { readonly parent: Place; readonly key: unknown; readonly how: number };

/** The place of an item of `list`, for a value that is encoded by itself. */
export function itemPlace(list: string, index: number): Place {
  return { parent: list, key: index, how: INDEX };
}

export class Trail {
  #root: Place = '';
  /** The depth at which the steps from `#root` begin. */
  #base = 0;
  depth = 0;
  #holdsObjects = false;
  readonly #keys: unknown[] = [];
  readonly #hows: number[] = [];
  readonly #places: (Place | undefined)[] = [];

  start(root: Place): void {
    this.#root = root;
    this.#base = 0;
    this.depth = 0;
  }

  /** Goes on at another place without losing the present one: runs `visit` there, at the present depth. */
  elsewhere(root: Place, visit: () => void): void {
    const [oldRoot, oldBase] = [this.#root, this.#base];
    this.#root = root;
    this.#base = this.depth;
    visit();
    this.#root = oldRoot;
    this.#base = oldBase;
  }

  /** Keys of Maps and errors are objects of the user: nothing may hold them longer than needed. */
  forget(): void {
    if (!this.#holdsObjects) return;
    this.#holdsObjects = false;
    this.#root = '';
    this.#keys.length = 0;
    this.#places.length = 0;
  }

  enter(how: number): void {
    if (how >= MAP_KEY) this.#holdsObjects = true;
    this.#hows[this.depth] = how;
    this.#places[this.depth] = undefined;
    this.depth += 1;
  }

  leave(): void {
    this.depth -= 1;
  }

  /** The element of the container entered last. */
  at(key: unknown): void {
    this.#keys[this.depth - 1] = key;
  }

  how(how: number): void {
    this.#hows[this.depth - 1] = how;
  }

  /** The present place, for later. */
  place(): Place {
    if (this.depth === this.#base) return this.#root;
    return { parent: this.#container(this.depth - 1), key: this.#keys[this.depth - 1], how: this.#hows[this.depth - 1] as number };
  }

  /** Places of containers are shared by their elements, so that remembering many elements stays cheap. */
  #container(depth: number): Place {
    let place = this.#places[depth];
    if (place === undefined) {
      place =
        depth === this.#base
          ? this.#root
          : { parent: this.#container(depth - 1), key: this.#keys[depth - 1], how: this.#hows[depth - 1] as number };
      this.#places[depth] = place;
    }
    return place;
  }

  /** The part of an error that the present place is in; the innermost, if there are several. */
  errorField(): ErrorField | undefined {
    for (let at = this.place(); typeof at !== 'string'; at = at.parent) if (at.how === ERROR_FIELD) return at.key as ErrorField;
    return undefined;
  }

  where(): Where {
    let variable: Part | undefined;
    let isDeeper = false;
    let below: Exclude<Place, string> | undefined;
    let at = this.place();
    for (; typeof at !== 'string'; at = at.parent) {
      const part = at.how === ROOT ? (at.key as Part) : undefined;
      if (part !== undefined && (variable === undefined || typeof part.value !== 'function')) {
        // Where another function lies between, nothing can be taken out.
        isDeeper = variable === undefined && below !== undefined;
        variable = part;
      }
      below = at;
    }
    if (variable !== undefined) return { from: 'capture', name: variableOf(variable.path), isDeeper };
    return { from: fromOf(at), name: undefined, isDeeper: false };
  }

  /** Describes the object and its state in one line. */
  toString(): string {
    return inWords(this.place());
  }
}

function fromOf(root: string): Where['from'] {
  if (/^(?:result|values\[|error)/.test(root)) return 'result';
  return /^(?:items?|message)\b/.test(root) ? 'item' : 'argument';
}

/** The last word of `worker → config`; none where that is not a variable. */
function variableOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf(' → ') + 3);
  return path.includes(' → ') && identifier.test(name) && !['this', 'super', 'arguments', 'parent'].includes(name) ? name : undefined;
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function inWords(place: Place): string {
  const steps: string[] = [];
  let at = place;
  while (typeof at !== 'string' && at.how !== ROOT) {
    steps.push(step(at.how, at.key));
    at = at.parent;
  }
  steps.push(typeof at === 'string' ? at : (at.key as Part).path);
  steps.reverse();
  // A path through a long chain is of no use in full.
  return steps.length > 60 ? [...steps.slice(0, 30), ' … ', ...steps.slice(-20)].join('') : steps.join('');
}

function step(how: number, key: unknown): string {
  switch (how) {
    case INDEX:
      return `[${String(key)}]`;
    case MAP_KEY:
      return `.keys()[${String(key)}]`;
    case MAP_VALUE:
      return `.get(${typeof key === 'string' ? JSON.stringify(key) : quote(key)})`;
    case SET_VALUE:
      return `.values()[${String(key)}]`;
    case SLOT:
      return String(key);
    case ERROR_FIELD:
      return field((key as ErrorField).key ?? 'constructor');
    default:
      return field(key as PropertyKey);
  }
}

/** A key as it stands at the beginning of a path: `request`, `["a key"]`. */
export const pathStep = (key: PropertyKey): string => field(key).replace(/^\./, '');

function field(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[${String(key)}]`;
  return identifier.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(key)}]`;
}
