/** A function for tests of the modules before they are bundled. */

export const double = (n: number): number => n * 2;
