// One measurement of start-up: `node startup/probe.mjs PEER SCENARIO [--quick]`. Loads this suite alone, and of Node only what Node has loaded
// by itself: what a library needs must not be there before the clock starts.
import { measureHere } from '../measurement.mjs';
import { startup } from './index.mjs';

await measureHere([startup]);
