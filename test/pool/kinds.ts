/** Both executors, for tests that hold for either. */

import { type ExecutorOptions, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

export const kinds = [
  { kind: 'thread', open: (options?: ExecutorOptions) => new ThreadPoolExecutor(options) },
  { kind: 'process', open: (options?: ExecutorOptions) => new ProcessPoolExecutor(options) },
] as const;
