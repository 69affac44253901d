/** The Lock under every schedule of a few threads. */

import { exploreCases } from './explore-cases.js';
import { cases } from './lock-cases.js';

exploreCases(cases);
