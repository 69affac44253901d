/** Takes an item of a queue while it is loaded. */

import type { Queue } from 'heddle';

const known = globalThis as unknown as Readonly<Record<symbol, Queue>>;

export const took: unknown = known[Symbol.for('heddle.test.queue')]!.getSync({ timeout: 10_000 });
