/** Each rule that queues have in common, held by queues of coroutines and by those that threads and processes share. */

import { holdRules } from './rule.js';
import { rulesOfCalls } from './rules-of-calls.js';
import { rulesOfEnds } from './rules-of-ends.js';
import { rulesOfOrder } from './rules-of-order.js';
import { rulesOfWaits } from './rules-of-waits.js';

holdRules([...rulesOfCalls, ...rulesOfOrder, ...rulesOfEnds, ...rulesOfWaits]);
