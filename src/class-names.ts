/** Names of functions and of the classes of objects, read without running code of theirs. */

/** The name of a function for people and for stack traces; `''` if it has none, or one that is not a string. */
export function givenName(fn: object): string {
  const value: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof value === 'string' ? value : '';
}

/** The class that a prototype names as its own. */
export function constructorIn(prototype: object): { readonly prototype?: unknown } | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof value === 'function' ? value : undefined;
}
