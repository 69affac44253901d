// One measurement: `node probe.mjs PEER SCENARIO [--quick]`, see measurement.mjs. Run it by hand under `node --cpu-prof` to see where the time
// goes. The suite `startup` has a program of its own: this one loads every suite.
import { measureHere } from './measurement.mjs';
import { suites } from './suites.mjs';

await measureHere(suites);
