/** Rows of the table of `npm run never-hang`: unsendable. */

import { tryGroup } from './try.ts';

tryGroup('unsendable', 2);
