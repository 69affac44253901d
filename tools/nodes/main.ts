/** `npm run nodes`: fetches the pinned Nodes into `.cache/nodes/`. With a major version as argument, only that one. */

import { add, lastLine, noCounts } from '../counts.ts';
import { installNode, majors, nodePath } from './install.ts';

const sum = noCounts();
for (const major of process.argv.length > 2 ? process.argv.slice(2) : majors) {
  try {
    console.log(`Node ${await installNode(major)} at ${nodePath(major)}`);
    add(sum, { passed: 1, failed: 0, skipped: 0 });
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    sum.failed++;
  }
}
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
