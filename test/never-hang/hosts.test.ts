/** Rows of the table of `npm run never-hang`: hosts. */

import { tryGroup } from './try.ts';

tryGroup('hosts', 1);
