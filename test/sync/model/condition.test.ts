/** The Condition under every schedule of a few threads. */

import { cases } from './condition-cases.js';
import { exploreCases } from './explore-cases.js';

exploreCases(cases);
