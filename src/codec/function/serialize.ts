/** The serializing half of functions: `index.ts` has the map, `serializer.ts` says when it is loaded. */

import { dismantle } from './dismantle.ts';
import { inlineCode } from './inline.ts';
import { isInternalClass } from './internal-class.ts';
import { lookUpPlace } from './look-up-place.ts';
import { captureDuring, captureOf } from './message.ts';
import { readSecrets } from './read-secrets.ts';
import { provideSerializer } from './serializer.ts';

provideSerializer({ dismantle, inlineCode, isInternalClass, captureDuring, captureOf, lookUpPlace, readSecrets });
