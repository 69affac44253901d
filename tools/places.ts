/** Where things are in the checkout, whatever the working directory. */

import { fileURLToPath } from 'node:url';

/** The checkout's folder, with a slash at its end. The built tools lie in `build/tools/`. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));
export const BUILT_TOOLS: string = `${ROOT}build/tools/`;
