/** Rows of the table of `npm run never-hang`: exits. */

import { tryGroup } from './try.ts';

tryGroup('exits', 2);
