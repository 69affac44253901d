/** Rows of the table of `npm run never-hang`: stalls. */

import { tryGroup } from './try.ts';

tryGroup('stalls', 2);
