/** The words by which a host takes back what a worker has not begun. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AheadWords, beginAhead, wordsForThread } from '#src/worker/host/ahead.js';

test('a task is begun by its worker or taken back by its host, never both', () => {
  const words = { words: wordsForThread(), at: 0 };
  const host = new AheadWords(words);
  const [one, other] = [host.claim(), host.claim()];
  assert.equal(beginAhead(words, one), true);
  assert.deepEqual([host.hasBegun(one), host.takeBack(one)], [true, false]);
  assert.equal(host.takeBack(other), true);
  assert.deepEqual([beginAhead(words, other), host.hasBegun(other)], [false, false]);
});

test('a task that was taken back stays so when another has its word', () => {
  const words = { words: wordsForThread(), at: 0 };
  const host = new AheadWords(words);
  const old = host.claim();
  assert.ok(host.takeBack(old));
  const next = host.claim();
  assert.notEqual(next, old);
  assert.equal(next & 0xff, old & 0xff, 'the word is used again');
  assert.equal(beginAhead(words, old), false);
  assert.equal(beginAhead(words, next), true);
  assert.equal(host.takeBack(old), false);
});

test('no ticket is given while all words are in use, and none is 0', () => {
  const host = new AheadWords({ words: wordsForThread(), at: 0 });
  const tickets = Array.from({ length: 256 }, () => host.claim());
  assert.equal(new Set(tickets).size, 256);
  assert.ok(!tickets.includes(0));
  assert.equal(host.claim(), 0);
  host.free(tickets[7]!);
  assert.notEqual(host.claim(), 0);
});
