/**
 * A function and a class in a file of their own, for a rehearsal: serializing the first function loads a parser, and asks V8 for what it knows of
 * all scripts. `blanks.ts` does this while the event loop is idle, so that the first start is not slowed down by it.
 */

export class Sample {
  readonly values: readonly unknown[] = [1, 'text', true];

  target(): unknown {
    return this.values[0];
  }
}

export const sample = (more: unknown): unknown[] => [new Sample().target(), more];
