/** A process that creates, attaches to, or closes a block, and is killed at one of its steps: `node victim.js ACTION NAME STEP TIME`. Without a step it prints its steps. */

import { listenToSteps } from '#src/memory/heap/step.js';
import { SharedMemory } from '#src/shared/index.js';

const [, , action, name = '', step, time] = process.argv;
const steps: string[] = [];
let left = Number(time);

/** Steps of the heap have tests of their own. */
const isOurs = (its: string): boolean => /^(?:block|use|name)\./.test(its);

function hear(its: string): void {
  if (isOurs(its)) steps.push(its);
  if (its === step && --left === 0) process.kill(process.pid, 'SIGKILL');
}

const actions: Record<string, () => void> = {
  create() {
    listenToSteps(hear);
    new SharedMemory({ name, create: true, size: 100 });
  },
  attach() {
    listenToSteps(hear);
    new SharedMemory({ name });
  },
  close() {
    const memory = new SharedMemory({ name });
    listenToSteps(hear);
    memory.close();
  },
  exit() {
    new SharedMemory({ name });
    // Behind that of the memory, which leaves.
    process.on('exit', () => console.log(JSON.stringify(steps)));
    listenToSteps(hear);
    process.exit(0);
  },
};

actions[action!]!();
// Not in good order: only the deaths count.
if (action !== 'exit') {
  console.log(JSON.stringify(steps));
  process.kill(process.pid, 'SIGKILL');
}
