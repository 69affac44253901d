/** The SharedMap under every schedule of a few threads. */

import { exploreCases } from '../../sync/model/explore-cases.js';
import { cases } from './map-cases.js';

exploreCases(cases);
