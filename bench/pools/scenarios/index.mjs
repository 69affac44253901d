// The scenarios. Their context is { open(), openWith(workers), kind, workers, quick }. `open()` imports the peer and opens its pool,
// outside the clock. The suite `startup` times that.

import { burst } from './burst.mjs';
import { cold } from './cold.mjs';
import { cpu } from './cpu.mjs';
import { idle } from './idle.mjs';
import { late } from './late.mjs';
import { map } from './map.mjs';
import { memory } from './memory.mjs';
import { mixed } from './mixed.mjs';
import { one } from './one.mjs';
import { payload } from './payload.mjs';
import { recovery } from './recovery.mjs';

export const scenarios = [burst, one, cold, late, mixed, payload, map, recovery, memory, idle, cpu];
