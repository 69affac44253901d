// Functions as a program sends them, one way of writing a row. In a module of their own: what stands around a function is part of its cost.
import { noop } from '../pools/peers/tasks.mjs';

const hoisted = (n) => n;

/** Each submits a function that returns `i`. */
export const senders = {
  capture: (pool, i) => pool.submit(() => i),
  inline: (pool, i) => pool.submit((n) => n, i),
  hoisted: (pool, i) => pool.submit(hoisted, i),
  exported: (pool, i) => pool.submit(noop, i),
};
