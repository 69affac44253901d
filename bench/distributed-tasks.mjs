// What bench/distributed.mjs has its workers do.
export const double = (n) => n * 2;
