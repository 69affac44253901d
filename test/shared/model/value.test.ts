/** The Value under every schedule of a few threads. */

import { exploreCases } from '../../sync/model/explore-cases.js';
import { cases } from './value-cases.js';

exploreCases(cases);
