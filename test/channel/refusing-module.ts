/** A module that cannot be loaded in the main thread of a program that says so. */

if (Symbol.for('heddle.test.may-not-load') in globalThis) throw new RangeError('not to be loaded here');

export function elsewhere(): string {
  return 'elsewhere';
}
