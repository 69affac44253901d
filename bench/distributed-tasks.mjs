// Tasks that the workers of bench/distributed.mjs run.
export const double = (n) => n * 2;
