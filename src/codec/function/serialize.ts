/** The serializing half of functions: `index.ts` has the map, `serializer.ts` says when it is loaded. */

import { dismantle } from './serialize/dismantle.ts';
import { inlineCode } from './serialize/inline.ts';
import { isInternalClass } from './inspect/internal-class.ts';
import { lookUpPlace } from './inspect/look-up-place.ts';
import { captureDuring, captureOf } from './serialize/message.ts';
import { readSecrets } from './inspect/read-secrets.ts';
import { provideSerializer } from './serialize/serializer.ts';

provideSerializer({ dismantle, inlineCode, isInternalClass, captureDuring, captureOf, lookUpPlace, readSecrets });
