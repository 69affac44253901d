/** Both executors, for tests that hold for either. */

import { type ExecutorOptions, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

export const kinds = [
  { kind: 'thread', open: (options?: ExecutorOptions) => new ThreadPoolExecutor(options) },
  { kind: 'process', open: (options?: ExecutorOptions) => new ProcessPoolExecutor(options) },
] as const;

/** Everything an async iterable gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Node's own, also where a test puts another in its place. */
const { setTimeout } = globalThis;

/** Waits until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
