// The scenarios. A context is { library, kind, hasOnePool, load(), opener(), quick }, see ../peers/index.mjs. `opener()` promises
// open(workers); its pools are closed after the measurement.
import { capture } from './capture.mjs';
import { firstProcess, firstThread } from './first-result.mjs';
import { imported } from './import.mjs';
import { memoryOfProcess, memoryOfThread } from './memory.mjs';

export const scenarios = [imported, firstThread, firstProcess, capture, memoryOfThread, memoryOfProcess];
