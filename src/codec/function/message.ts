/**
 * What one message's functions have in common while it is made: the variables they share and change, and whether
 * anything they captured could be changed by running them.
 */

import type { AnyFunction } from '../courier.ts';
import { isSameVariable } from './frame-probe.ts';
import type { Inspection } from './inspector.ts';

/** The value of a variable that several functions share. Travels as an object, so its identity is kept. */
export interface Cell {
  value: unknown;
}

interface Shared {
  readonly scriptId: string;
  readonly name: string;
  readonly fn: AnyFunction;
  readonly cell: Cell;
}

export class Capture {
  readonly #shared: Shared[] = [];
  #depth = 0;
  /** A capture could be changed by a call, so each call gets fresh copies. */
  isMutable = false;
  /** Nothing captured can have changed by the next call, so the same bytes serve again. */
  isStable = true;

  mutable(): void {
    this.isMutable = true;
    this.isStable = false;
  }

  unstable(): void {
    this.isStable = false;
  }

  /** Counts functions; the first one, with nothing in it that could share its variables, needs no cells. */
  enter(): number {
    this.#depth += 1;
    return this.#depth;
  }

  /** The cell of `name` as `fn` sees it: one cell for one variable. */
  cell(inspection: Inspection, scriptId: string, name: string, fn: AnyFunction, value: unknown, read: () => unknown, isModuleWide: boolean): Cell {
    const found = this.#shared.find(
      (one) =>
        one.scriptId === scriptId &&
        one.name === name &&
        Object.is(one.cell.value, value) &&
        (isModuleWide || one.fn === fn || isSameVariable(inspection, name, one.fn, read)),
    );
    if (found !== undefined) return found.cell;
    const cell: Cell = { value };
    this.#shared.push({ scriptId, name, fn, cell });
    return cell;
  }
}

const captures = new WeakMap<object, Capture>();
let collecting: Capture | undefined;

/** What the functions dismantled while `use` runs have in common. */
export function captureDuring(use: () => void): Capture {
  const before = collecting;
  const capture = new Capture();
  collecting = capture;
  try {
    use();
  } finally {
    collecting = before;
  }
  return capture;
}

/** The capture that belongs to a message. */
export function captureOf(message: object): Capture {
  if (collecting !== undefined) return collecting;
  let capture = captures.get(message);
  if (capture === undefined) {
    capture = new Capture();
    captures.set(message, capture);
  }
  return capture;
}
