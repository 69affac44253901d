// One measurement: `node processes/probe.mjs PEER SCENARIO [--quick]`. Loads this suite alone: what a program has loaded is part of what its
// processes cost, and of what a start method that copies the program copies.
import { measureHere } from '../measurement.mjs';
import { processes } from './index.mjs';

await measureHere([processes]);
