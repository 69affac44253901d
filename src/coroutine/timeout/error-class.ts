/** Errors may be given as classes, as in Python. */

export function isErrorClass(value: unknown): value is new (message?: string) => Error {
  return typeof value === 'function' && (value === Error || value.prototype instanceof Error);
}
