/** The Event under every schedule of a few threads. */

import { cases } from './event-cases.js';
import { exploreCases } from './explore-cases.js';

exploreCases(cases);
