/** Calls to waiters that go, under every schedule of a few threads. */

import { cases } from './pass-on-cases.js';
import { exploreCases } from './explore-cases.js';

exploreCases(cases);
