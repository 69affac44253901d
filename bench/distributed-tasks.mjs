// The tasks of the workers of bench/distributed.mjs.
export const double = (n) => n * 2;
