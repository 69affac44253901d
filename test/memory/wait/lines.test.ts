/** Several lines in one block, and lines in blocks of their own: each has its own order, room and chain. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { become, type Block, type LineWords, OwnedLine, WaitQueue } from '#src/memory/index.js';
import { allocateListed, dropListed } from '#src/memory/objects/owned.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from '../check-heap.ts';
import { killAt, PlainWorld, stepsOf } from '../heap/plain-memory.ts';

/** A block with three lines: the first where every waitable has it, one with waiters of its own, one without. */
const chains = { first: 4, count: 4 };
const putters: LineWords = { chain: 4, waiting: 8, tickets: 9, waiters: 32, inline: 2 };
const joiners: LineWords = { chain: 5, waiting: 10, tickets: 11, waiters: 0, inline: 0 };
/** Words of the block that name blocks with a line. */
const [owned, other] = [6, 7];

const makeBlock = (): Block => allocateListed(tagOf(9, chains), 48);

test('lines in one block share neither waiters nor tickets nor calls', () => {
  const thread = new PlainWorld().thread();
  const block = makeBlock();
  const lines = [new WaitQueue(block), new WaitQueue(block, {}, putters), new WaitQueue(block, {}, joiners)];
  // More than have room in the block.
  const waiters = lines.map((line, i) => Array.from({ length: 20 + i }, () => line.join(false)));
  assert.deepEqual(
    lines.map((line) => line.count()),
    [20, 21, 22],
  );
  for (const line of lines) assert.ok(line.mayWait);
  thread.heap.collect();
  const { reached } = checkHeap(thread.memory);
  // The block, one further block of each line and one more of the line without room, and the ledger.
  assert.equal(reached.size, 1 + 2 + 2 + 2 + 1);
  lines[1]!.callFirst();
  assert.deepEqual(
    waiters.map((own) => own.findIndex((waiter) => waiter.isCalled)),
    [-1, 0, -1],
  );
  assert.deepEqual(
    lines.map((line) => line.mayWait),
    [true, false, true],
  );
  assert.equal(lines[2]!.callAll(), 22);
  assert.equal(lines[0]!.countAsleep(), 20);
  for (const [line, own] of waiters.entries())
    assert.deepEqual(
      own.map((waiter) => waiter.ticket),
      Array.from({ length: 20 + line }, (_, ticket) => ticket),
    );
  dropListed(block);
  thread.heap.collect();
  assert.equal(checkHeap(thread.memory).used, 0);
});

test('a line of its own is the same line for all threads, and goes with its owner', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  become(one.agent);
  const block = makeBlock();
  const mine = new OwnedLine(block, owned);
  assert.equal(mine.known, undefined);
  const waiter = mine.open().join(false);
  become(two.agent);
  const its = new OwnedLine(block, owned);
  assert.equal(new OwnedLine(block, other).known, undefined);
  for (let i = 0; i < 10; i += 1) its.open().join(true);
  assert.equal(mine.open().count(), 11);
  assert.equal(its.known, its.open());
  its.known.callFirst();
  assert.ok(waiter.isCalled);
  two.die();
  become(one.agent);
  one.heap.collect();
  assert.equal(one.heap.statistics().objects['[line]'], 1);
  mine.open().reap(true);
  assert.equal(mine.open().count(), 1);
  dropListed(block);
  one.heap.collect();
  assert.equal(checkHeap(one.memory).used, 0);
});

test('a line can be opened after the thread that opens it died at any step', () => {
  const prepare = () => {
    const world = new PlainWorld();
    const [witness, opener] = [world.thread(), world.thread()];
    become(witness.agent);
    const block = makeBlock();
    become(opener.agent);
    return { witness, opener, block, open: () => void new OwnedLine(block, owned).open().join(false) };
  };
  const steps = stepsOf(prepare().open).length;
  for (let at = 0; at < steps; at += 1) {
    const { witness, opener, block, open } = prepare();
    let left = at;
    assert.ok(killAt(() => (left -= 1) < 0, open));
    opener.die();
    become(witness.agent);
    witness.heap.collect();
    const line = new OwnedLine(block, owned);
    line.open().join(false);
    line.open().reap(true);
    assert.equal(line.known!.count(), 1, `after a death at step ${at}`);
    witness.heap.collect();
    const { blocks, reached } = checkHeap(witness.memory);
    assert.deepEqual(blocks, reached);
    assert.equal(witness.heap.statistics().objects['[line]'], 1);
  }
});
