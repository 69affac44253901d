// What is measured. A scenario's context is { open(), kind, workers, quick }. `open()` imports the peer and opens its pool,
// outside the clock. The suite `startup` times that.

import { burst } from './burst.mjs';
import { cpu } from './cpu.mjs';
import { idle } from './idle.mjs';
import { late } from './late.mjs';
import { map } from './map.mjs';
import { one } from './one.mjs';
import { payload } from './payload.mjs';

export const scenarios = [burst, one, late, payload, map, idle, cpu];
