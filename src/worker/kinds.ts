/** All kinds of shared objects, in one file to load. */

import '../shared/index.ts';
import '../channel/index.ts';
import '../shared-map/index.ts';
import '../proxy/index.ts';
