/** Rows of the table of `npm run never-hang`: starts. */

import { tryGroup } from './try.ts';

tryGroup('starts', 1);
