/** The Barrier under every schedule of a few threads. */

import { cases } from './barrier-cases.js';
import { exploreCases } from './explore-cases.js';

exploreCases(cases);
