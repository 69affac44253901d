// The tasks of bench/distributed.mjs.
export const double = (n) => n * 2;
