/** Rows of the table of `npm run never-hang`: crowds. */

import { tryGroup } from './try.ts';

tryGroup('crowds', 1);
