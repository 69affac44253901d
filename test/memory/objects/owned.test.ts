/** Blocks that belong to a record live exactly as long as a word of it names them. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { adopt, allocateOwned, become, type Block, defineKind, dropListed, freeOwned, relink, SharedObject } from '#src/memory/index.js';
import { allocateListed } from '#src/memory/objects/owned.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from '../check-heap.ts';
import { killAt, type PlainThread, PlainWorld, stepsOf } from '../heap/plain-memory.ts';

const refs = { first: 7, count: 5 };

const makeOwner = (): Block => allocateListed(tagOf(9, refs), 40);

const has = ({ memory }: PlainThread, block: Block): boolean => checkHeap(memory).blocks.has(block.ref);

/** As a constructor does it. */
function own(owner: Block, word: number, words = 20): Block {
  const block = allocateOwned(words, refs);
  owner.words[owner.at + word] = block.ref;
  adopt(block);
  return block;
}

test('all words of a range are followed, also of what they name, and no other word is', () => {
  const thread = new PlainWorld().thread();
  const owner = makeOwner();
  const owned = Array.from({ length: refs.count }, (_, i) => own(owner, refs.first + i));
  const inner = owned.map((block) => own(block, refs.first + 4));
  const others = [refs.first - 1, refs.first + refs.count].map((word) => own(owner, word));
  thread.heap.collect();
  assert.ok([owner, ...owned, ...inner].every((block) => has(thread, block)));
  assert.ok(others.every((block) => !has(thread, block)));
  dropListed(owner);
  thread.heap.collect();
  assert.ok([owner, ...owned, ...inner].every((block) => !has(thread, block)));
});

test('owners that name one another are freed together', () => {
  const thread = new PlainWorld().thread();
  const [a, b] = [makeOwner(), makeOwner()];
  a.words[a.at + refs.first + 1] = b.ref;
  b.words[b.at + refs.first + 4] = a.ref;
  dropListed(a);
  thread.heap.collect();
  assert.ok(has(thread, a) && has(thread, b));
  dropListed(b);
  thread.heap.collect();
  assert.ok(!has(thread, a) && !has(thread, b));
});

test('a block is adopted once, and freed once', () => {
  const thread = new PlainWorld().thread();
  const owner = makeOwner();
  const block = own(owner, refs.first);
  assert.throws(() => adopt(block), /is not listed by this thread, or was adopted already/);
  relink((links) => {
    links.set(owner, refs.first, 0);
    links.free(block.ref);
  });
  assert.ok(!has(thread, block));
  assert.throws(() => freeOwned(block), /freed twice/);
  const unused = allocateOwned(20);
  freeOwned(unused);
  assert.ok(!has(thread, unused));
});

test('a range that a tag cannot hold is refused where the kind is defined', () => {
  const define = (first: number, count: number, words = 400): unknown =>
    defineKind({ number: 228, name: 'Wide', words, refs: { first, count }, create: (): SharedObject => assert.fail() });
  assert.throws(() => define(1, 1), { name: 'RangeError', message: /refs\.first/ });
  assert.throws(() => define(256, 1), { name: 'RangeError', message: /refs\.first/ });
  assert.throws(() => define(2, 17), { name: 'RangeError', message: /refs\.count/ });
  assert.throws(() => define(7, 5, 11), { name: 'RangeError', message: /refs\.first \+ refs\.count/ });
  assert.throws(() => allocateOwned(11, refs), { name: 'RangeError', message: /refs\.first \+ refs\.count/ });
  define(255, 16);
});

test('an owner keeps its blocks when the thread that moves them dies at any step', () => {
  /** Two blocks in a row and a spare word: the first one moves behind. */
  const prepare = () => {
    const world = new PlainWorld();
    const [witness, mover] = [world.thread(), world.thread()];
    become(witness.agent);
    const owner = makeOwner();
    const first = own(owner, refs.first);
    const second = own(first, refs.first);
    become(mover.agent);
    const move = (): void => {
      const fresh = allocateOwned(20);
      relink((links) => {
        links.set(owner, refs.first, second.ref);
        links.set(first, refs.first, 0);
        links.set(owner, refs.first + 1, first.ref);
        links.set(owner, refs.first + 2, fresh.ref);
      });
      adopt(fresh);
    };
    return { witness, mover, owner, second, move };
  };
  const steps = stepsOf(prepare().move).length;
  for (let at = 0; at < steps; at += 1) {
    const { witness, mover, owner, second, move } = prepare();
    let left = at;
    assert.ok(killAt(() => (left -= 1) < 0, move));
    mover.die();
    become(witness.agent);
    witness.heap.collect();
    const { blocks, reached } = checkHeap(witness.memory);
    assert.ok(reached.has(owner.ref) && reached.has(second.ref));
    assert.deepEqual(blocks, reached, `something is left, or gone, after a death at step ${at}`);
    dropListed(owner);
    witness.heap.collect();
    assert.ok(!has(witness, second));
  }
});
