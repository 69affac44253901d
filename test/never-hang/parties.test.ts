/** Rows of the table of `npm run never-hang`: what blocks a thread until another party does something, which dies. */

import { tryGroup } from './try.ts';

tryGroup('parties', 1);
