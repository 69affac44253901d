/** The marks by which a host knows, after the sudden end of a worker, which tasks that worker had begun. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { features } from '#src/platform/index.js';
import { PipeCount, WordCount } from '#src/worker/host/begun-count.js';
import { PipeMark, WordMark } from '#src/worker/inside/begun-mark.js';

const skip = features().native ?? false;

test('a mark is not counted', () => {
  const count = new WordCount();
  const mark = new WordMark(count.word);
  assert.equal(count.count(), 0);
  mark.begin();
  mark.begin();
  assert.equal(count.count(), 2);
});

test('a mark in a pipe is not counted, or is forgotten when the pipe closes', { skip }, () => {
  const count = new PipeCount();
  const mark = new PipeMark(count.childEnd);
  assert.equal(count.count(), 0);
  for (let i = 0; i < 3; i++) mark.begin();
  assert.equal(count.count(), 3);
  for (let i = 0; i < 40_000; i++) mark.begin();
  assert.equal(count.count(), 40_003);
  mark.begin();
  count.close();
  assert.equal(count.count(), 40_004);
});

test('a pipe without a reader does not block the worker, and its count is not trusted when it was full', { skip }, () => {
  const count = new PipeCount();
  const mark = new PipeMark(count.childEnd);
  for (let i = 0; i < 100_000; i++) mark.begin();
  assert.equal(count.count(), null);
  mark.begin();
  assert.equal(count.count(), null);
  count.close();
  assert.equal(count.count(), null);
});
