/**
 * A process is killed by SIGKILL right after each word that it writes while it puts, takes, or marks a task. The others go on at once; what it had put is
 * there or is not, nothing comes twice, and at most what was in its hands is lost.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Queue } from '#src/channel/index.js';
import { OwnerDied } from '#src/errors.js';
import { heapDescriptorForChild, refOf } from '#src/memory/index.js';
import { nativeMemoryMissing } from '#src/memory/heap/native-memory.js';

const skip = nativeMemoryMissing();
const isLong = process.env['HEDDLE_LONG'] === '1';
const victim = fileURLToPath(new URL('./victim.js', import.meta.url));

/** Runs the victim. True: it was killed at that write; false: it has none such. */
async function dies(queue: Queue, action: string, write: number): Promise<boolean> {
  const args = ['--conditions=model', victim, action, String(refOf(queue)), String(write)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', heapDescriptorForChild()!] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === 'SIGKILL') return true;
  assert.equal(code, 7, `${action} at write ${write}`);
  return false;
}

/** The tasks of a dead consumer are told of once at most; then all are done. */
function joins(queue: Queue, taken: number): number {
  for (let i = 0; i < taken; i += 1) queue.taskDone();
  try {
    assert.equal(queue.joinSync(), true);
    return 0;
  } catch (error) {
    assert.ok(error instanceof OwnerDied);
    assert.equal(queue.joinSync(), true);
    return 1;
  }
}

/** A large item is in a block of its own, and holds a handle. */
const itemsOf = (action: string, queue: Queue): readonly unknown[] =>
  [1, 2, 3].map((n) => (action.endsWith('Large') ? [`${n} ${'x'.repeat(20_000)}`, queue] : n));

const numberOf = (item: unknown): number => Number.parseInt(String(Array.isArray(item) ? item[0] : item), 10);

function check(queue: Queue, action: string): void {
  queue.putSync('later');
  const left: unknown[] = [];
  while (!queue.empty()) left.push(queue.getSync(0));
  assert.equal(left.at(-1), 'later');
  assert.equal(new Set(left).size, left.length, 'an item came twice');
  const own = left.map(numberOf).filter((n) => n > 0);
  assert.deepEqual(own, [1, 2, 3].slice(3 - own.length), 'out of order');
  const theirs = left.filter((item) => String(item).startsWith('victim'));
  const most = action === 'getMany' ? 2 : action.startsWith('put') ? 0 : 1;
  assert.ok(3 - own.length <= most, `${3 - own.length} items are lost`);
  if (action === 'putMany') assert.ok(theirs.length === 0 || theirs.length === 3, 'a part of a batch');
  const { lost, size } = queue.statistics();
  assert.ok(lost <= most);
  assert.equal(size, 0);
  const told = joins(queue, left.length);
  assert.ok(told <= (action.startsWith('put') ? 0 : 1));
}

for (const action of ['put', 'putMany', 'putLarge', 'get', 'getMany', 'getLarge', 'taskDone']) {
  test(`a queue goes on after a process was killed at each write of ${action}`, { skip }, async () => {
    let deaths = 0;
    for (let write = 1; ; write += isLong ? 1 : action.endsWith('Large') ? 11 : 5) {
      const queue = new Queue();
      queue.putManySync(itemsOf(action, queue));
      if (!(await dies(queue, action, write))) break;
      deaths += 1;
      try {
        check(queue, action);
      } catch (error) {
        throw new Error(`killed at write ${write} of ${action}`, { cause: error });
      }
    }
    assert.ok(deaths > 1, `only ${deaths} deaths`);
  });
}
