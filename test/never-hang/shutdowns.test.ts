/** Rows of the table of `npm run never-hang`: shutdowns. */

import { tryGroup } from './try.ts';

tryGroup('shutdowns', 1);
