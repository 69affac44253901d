/** The ring and the Queue under every schedule of a few threads. */

import { exploreCases } from '../../sync/model/explore-cases.js';
import { cases } from './queue-cases.js';

exploreCases(cases);
