/** The trace of a run, as a table for people. */

import type { Names } from '../names.ts';
import type { OperationName } from './operation.ts';
import type { ModelThread } from './thread.ts';

export class Trace {
  readonly #rows: [thread: string, operation: string, where: string, what: string][] = [];
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** @param result what an atomic operation gave */
  step(thread: ModelThread, result: number, what?: string): void {
    const { operation, words, index, a, b } = thread;
    this.#rows.push([thread.name, operation, this.#names.of(words, index), what ?? describe(operation, a, b, result, this.#names)]);
  }

  note(thread: ModelThread, operation: OperationName, where: string, what: string): void {
    this.#rows.push([thread.name, operation, where, what]);
  }

  event(thread: ModelThread, what: string): void {
    this.#rows.push([thread.name, '', '', `*** ${what}`]);
  }

  get lines(): string[] {
    const widths = [0, 1, 2].map((column) => Math.max(0, ...this.#rows.map((row) => row[column]!.length)));
    return this.#rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  }
}

function describe(operation: OperationName, a: number, b: number, result: number, names: Names): string {
  const is = names.value(result);
  switch (operation) {
    case 'load':
      return `is ${is}`;
    case 'store':
      return `:= ${names.value(a)}`;
    case 'exchange':
      return `${is} → ${names.value(a)}`;
    case 'compareExchange':
      return result === a ? `${is} → ${names.value(b)}` : `is ${is}, not ${names.value(a)} (would be ${names.value(b)})`;
    case 'add':
      return `${result} ${a < 0 ? '-' : '+'} ${Math.abs(a)}`;
    case 'and':
      return `${result} & ${a}`;
    case 'or':
      return `${result} | ${a}`;
    default:
      return '';
  }
}
