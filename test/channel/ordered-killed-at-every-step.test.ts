/**
 * A process is killed by SIGKILL right after each word that it writes while it works at a LifoQueue, a PriorityQueue or a Deque. The others go on at once; what it had put
 * is there or is not, nothing comes twice or in the wrong place, and at most what was in its hands is lost.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Deque, LifoQueue, PriorityQueue, type Queue } from '#src/channel/index.js';
import { heapDescriptorForChild, refOf, type SharedObject } from '#src/memory/index.js';
import { nativeMemoryMissing } from '#src/memory/heap/native-memory.js';

const skip = nativeMemoryMissing();
const isLong = process.env['HEDDLE_LONG'] === '1';
const victim = fileURLToPath(new URL('./victim.js', import.meta.url));

/** Runs the victim. True: it was killed at that write; false: it has none such. */
async function dies(object: SharedObject, action: string, write: number): Promise<boolean> {
  const args = ['--conditions=model', victim, action, String(refOf(object)), String(write)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', heapDescriptorForChild()!] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === 'SIGKILL') return true;
  assert.equal(code, 7, `${action} at write ${write}`);
  return false;
}

interface Trial<T extends SharedObject> {
  make(): T;
  readonly action: string;
  check(object: T): void;
  /** The interval of the writes that a quick suite tries. */
  readonly step: number;
  /** Of the long suite, where most writes are the bytes of long items. */
  readonly longStep?: number;
}

function tryEach<T extends SharedObject>(name: string, { make, action, check, step, longStep = 1 }: Trial<T>): void {
  test(`${name} goes on after a process was killed at each write of ${action}`, { skip }, async (t) => {
    let deaths = 0;
    for (let write = 1; ; write += isLong ? longStep : step) {
      const object = make();
      if (!(await dies(object, action, write))) break;
      deaths += 1;
      try {
        check(object);
      } catch (error) {
        throw new Error(`killed at write ${write} of ${action}`, { cause: error });
      }
    }
    t.diagnostic(`${deaths} deaths`);
    assert.ok(deaths > 1, `only ${deaths} deaths`);
  });
}

function drained<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.getSync(0));
  const { size, lost } = queue.statistics();
  assert.equal(size, 0);
  assert.ok(lost <= 1, `${lost} are lost`);
  return items;
}

function stack(): LifoQueue {
  const queue = new LifoQueue();
  queue.putManySync([1, 2, 3]);
  return queue;
}

tryEach('a LifoQueue', {
  make: stack,
  action: 'putMany',
  step: 397,
  longStep: 9,
  check(queue) {
    queue.putSync('later');
    const items = drained(queue);
    assert.ok(items.length === 4 || items.length === 7, 'a part of a batch');
    assert.deepEqual(
      items.map((item) => String(item).slice(0, 8)),
      ['later', ...(items.length === 7 ? ['victim 2', 'victim 1', 'victim 0'] : []), '3', '2', '1'],
    );
  },
});

tryEach('a LifoQueue', {
  make: stack,
  action: 'taskDone',
  step: 7,
  check(queue) {
    const items = drained(queue);
    assert.deepEqual(items, [3, 2, 1].slice(3 - items.length));
    assert.ok(items.length >= 2);
  },
});

/** The number of items with which one passes ten others on its way. */
const many = 1000;

function heap(): PriorityQueue<[number, string]> {
  const queue = new PriorityQueue<[number, string]>();
  // Every tenth has a neighbour of the same priority.
  const items = Array.from({ length: many }, (_, n): [number, string] => [
    ((n * 7919) % many) - ((n * 7919) % 10 === 1 ? 1 : 0),
    String((n * 7919) % many),
  ]);
  queue.putManySync(items);
  return queue;
}

function checkHeap(queue: PriorityQueue<[number, string]>, isPut: boolean): void {
  const items = drained(queue).map(([priority, text]) => [priority, text === 'victim' ? -1 : Number(text)] as const);
  for (const [i, [priority]] of items.entries()) assert.ok(i === 0 || priority >= items[i - 1]![0], 'in the wrong place');
  const texts = items.map(([, text]) => text).toSorted((one, other) => one - other);
  const first = texts[0]!;
  assert.ok(isPut ? first === -1 || first === 0 : first === 0 || first === 1, `the first is ${first}`);
  assert.deepEqual(
    texts,
    Array.from({ length: many - first }, (_, n) => first + n),
  );
}

for (const [action, isPut] of [
  ['put', true],
  ['taskDone', false],
] as const) {
  tryEach(`a PriorityQueue of ${many} items`, { make: heap, action, step: 7, check: (queue) => checkHeap(queue, isPut) });
}

function full(): Deque {
  const deque = new Deque(3);
  deque.extendSync([0, 1, 2]);
  deque.appendSync(3);
  return deque;
}

/** @param outcomes what may be there */
function tryDeque(action: string, step: number, ...outcomes: readonly string[]): void {
  tryEach('a full Deque', {
    make: full,
    action,
    step,
    check(deque) {
      const items = [...deque].join();
      assert.ok(outcomes.includes(items), items);
      const { size, puts, gets, dropped, lost } = deque.statistics();
      assert.equal(puts, size + gets + dropped);
      assert.ok(lost <= 1);
      deque.extendLeftSync([7, 8]);
      assert.deepEqual([deque.popLeftSync(0), deque.popLeftSync(0)], [8, 7]);
    },
  });
}

tryDeque('append', 7, '1,2,3', '2,3,victim');
tryDeque('extendLeft', 11, '1,2,3', 'victim 1,victim 0,1');
tryDeque('popLeft', 7, '1,2,3', '2,3');
tryDeque('rotate', 2, '1,2,3', '2,3,1');
