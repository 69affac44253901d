/** Both executors of the modules that are not bundled, for tests of what is inside of them. */

import { type ExecutorOptions, ProcessPoolExecutor, ThreadPoolExecutor } from '#src/index.js';

export const kinds = [
  { kind: 'thread', open: (options?: ExecutorOptions) => new ThreadPoolExecutor(options) },
  { kind: 'process', open: (options?: ExecutorOptions) => new ProcessPoolExecutor(options) },
] as const;
