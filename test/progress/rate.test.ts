/** Rates, counts and their text, on a clock that stands still until it is moved. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { countText, durationText, percentText, Rate, rateText, Tracker } from '#src/progress/index.js';

test('a steady rate is not found from the first reading on', () => {
  const rate = new Rate(1000);
  assert.equal(rate.perSecond, 0);
  for (let second = 1; second <= 30; second++) {
    rate.update(1000 + second * 1000, second * 50);
    assert.ok(Math.abs(rate.perSecond - 50) < 1e-9, `after ${second} s: ${rate.perSecond}`);
  }
});

test('the rate depends on how often one looks', () => {
  const [rare, often] = [new Rate(0), new Rate(0)];
  for (let ms = 10; ms <= 4000; ms += 10) often.update(ms, ms / 10);
  rare.update(4000, 400);
  for (let ms = 4010; ms <= 9000; ms += 10) often.update(ms, 400 + (ms - 4000));
  rare.update(9000, 5400);
  assert.ok(Math.abs(rare.perSecond - often.perSecond) < 1e-6);
});

test('what an earlier run had done makes this one look fast', () => {
  let now = 0;
  const tracker = new Tracker({ total: 1100, clock: () => now });
  tracker.skipped(500);
  for (now = 1000; now <= 10_000; now += 1000) {
    tracker.succeeded(10);
    if (now === 5000) tracker.skipped(400);
    tracker.now();
  }
  now = 10_000;
  const { done, failed, rate, eta } = tracker.now();
  assert.deepEqual([done, failed], [1000, 0]);
  assert.ok(Math.abs(rate - 10) < 1e-9, String(rate));
  assert.ok(Math.abs(eta! - 10_000) < 1e-6, String(eta));
});

test('old speed hides the present one', () => {
  const rate = new Rate(0, 10_000);
  rate.update(10_000, 10_000);
  rate.update(60_000, 10_000);
  assert.ok(rate.perSecond < 10, `a stop of five memories still reads ${rate.perSecond}/s`);
});

test('a clock that stands still or jumps back spoils the rate', () => {
  const rate = new Rate(5000);
  rate.update(5000, 10);
  rate.update(4000, 20);
  assert.equal(rate.perSecond, 0);
  rate.update(6000, 20);
  assert.ok(Math.abs(rate.perSecond - 20) < 1e-9);
});

test('time left is told from nothing, or wrongly', () => {
  let now = 0;
  const tracker = new Tracker({ total: 100, clock: () => now });
  assert.deepEqual(tracker.now(), { done: 0, failed: 0, total: 100, elapsed: 0, rate: 0, eta: null });
  tracker.succeeded(20);
  tracker.failed(5);
  now = 1000;
  const { eta, rate, ...rest } = tracker.now();
  assert.deepEqual(rest, { done: 25, failed: 5, total: 100, elapsed: 1000 });
  assert.ok(Math.abs(rate - 25) < 1e-9 && Math.abs((eta ?? 0) - 3000) < 1e-6);
  tracker.succeeded(75);
  now = 2000;
  assert.equal(tracker.now().eta, 0);
});

test('a total that was too small gives more than 100 per cent', () => {
  let now = 0;
  const tracker = new Tracker({ total: 1, clock: () => now });
  tracker.succeeded(2);
  now = 10;
  assert.equal(tracker.now().total, null);
  tracker.setTotal(4);
  assert.equal(tracker.now().total, 4);
});

test('numbers read badly', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(countText), ['0', '999', '1,000', '1,234,567']);
  assert.deepEqual([0, 499, 7000, 754_000, 3_723_000, 183_600_000].map(durationText), [
    '0:00',
    '0:00',
    '0:07',
    '12:34',
    '1:02:03',
    '2d 03h',
  ]);
  assert.deepEqual([0, 1, 12.34, 1234.5, 0.5, 0.001].map(rateText), ['0/s', '1/s', '12.3/s', '1,235/s', '30/min', '3.6/h']);
  assert.deepEqual([percentText(0, 3), percentText(999, 1000), percentText(3, 3), percentText(0, 0)], ['0 %', '99 %', '100 %', '100 %']);
});
