/** The Semaphore under every schedule of a few threads. */

import { exploreCases } from './explore-cases.js';
import { cases } from './semaphore-cases.js';

exploreCases(cases);
