/** Both pools, for tests that hold for either. */

import { Pool, type PoolOptions, ThreadPool } from 'heddle';

export const poolKinds = [
  { kind: 'thread', open: (options?: number | PoolOptions): Pool => new ThreadPool(options) },
  { kind: 'process', open: (options?: number | PoolOptions): Pool => new Pool(options) },
] as const;
