/** The bar and the log line, as text: no terminal, no clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Display, type DisplayMode } from '#src/progress/display.js';
import { type Progress, renderBar, renderLogLine } from '#src/progress/index.js';

const half: Progress = { done: 1234, failed: 0, total: 2468, elapsed: 5000, rate: 812.4, eta: 1500 };

test('the bar does not show what is known', () => {
  assert.equal(
    renderBar(half, { width: 100, label: 'hash' }),
    `hash  ${'━'.repeat(20)}${'─'.repeat(20)}   50 %  1,234/2,468  812/s  0:02 left`,
  );
  assert.equal(renderBar({ ...half, total: null, eta: null, failed: 3 }, { width: 100 }), '1,234 done  812/s  0:05  3 failed');
  assert.equal(renderBar({ ...half, done: 2468, eta: 0 }, { width: 42 }), '━━━━━━━━━  100 %  2,468/2,468  812/s  0:05');
});

test('a plain terminal gets characters it does not have', () => {
  const line = renderBar(half, { width: 79, unicode: false });
  assert.match(line, /^\[#+\.+\] /);
  assert.match(line, /^[\x20-\x7e]*$/);
});

test('the line is wider than the terminal', () => {
  for (const progress of [half, { ...half, failed: 7 }, { ...half, total: null, eta: null }, { ...half, done: 0, rate: 0, eta: null }]) {
    for (let width = 0; width <= 120; width++) {
      const line = renderBar(progress, { width, label: 'label' });
      assert.ok(line.length <= width, `${line.length} characters in ${width} columns: ${line}`);
    }
  }
});

test('a narrow terminal loses the count before anything else', () => {
  assert.equal(renderBar({ ...half, failed: 7 }, { width: 24, label: 'label' }), '1,234/2,468  7 failed');
  assert.equal(renderBar({ ...half, failed: 7 }, { width: 12, label: 'label' }), '1,234/2,468');
});

test('the bar is full before all is done', () => {
  for (let done = 0; done < 1000; done++) {
    const line = renderBar({ ...half, done, total: 1000 }, { width: 100 });
    assert.ok(line.includes('─') || line.includes('╸'), line);
  }
  assert.ok(!renderBar({ ...half, done: 1000, total: 1000 }, { width: 100 }).includes('─'));
  assert.match(renderBar({ ...half, done: 0, total: 0 }, { width: 100 }), /━{40} {2}100 % {2}0\/0/);
});

test('a log line does not say how it stands', () => {
  assert.equal(renderLogLine({ ...half, failed: 2 }), '1,234 of 2,468 (50 %), 812/s, 0:02 left, 2 failed');
  assert.equal(renderLogLine({ ...half, total: null, eta: null }), '1,234 done, 812/s, 0:05');
  assert.equal(renderLogLine({ ...half, done: 2468, eta: 0 }), '2,468 of 2,468 (100 %), 812/s, 0:05');
});

function written(mode: DisplayMode, use: (display: Display) => void): string {
  let text = '';
  use(new Display({ mode, label: 'x', stream: { write: (part: string) => (text += part), columns: 30 } }));
  return text;
}

test('a terminal is flooded, or its line is left open', () => {
  const text = written('terminal', (display) => {
    for (let elapsed = 0; elapsed < 1000; elapsed++) display.show({ ...half, elapsed });
    display.finish(half);
  });
  assert.equal(text.split('\x1b[2K').length, 11);
  assert.ok(text.endsWith('\n'));
});

test('what is printed meanwhile is mixed with the bar', () => {
  const text = written('terminal', (display) => {
    display.around(() => {});
    display.show(half);
    display.around(() => {});
  });
  assert.match(text, /^(x.*)\r\x1b\[2K\1$/);
});

test('a log gets control characters, or a line for each item', () => {
  const text = written('log', (display) => {
    for (let elapsed = 0; elapsed < 25_000; elapsed += 10) display.show({ ...half, elapsed });
    display.finish(half);
  });
  assert.equal(text, 'x: 1,234 of 2,468 (50 %), 812/s, 0:02 left\n'.repeat(3));
});

test('a silent display speaks', () => {
  assert.equal(
    written('silent', (display) => {
      display.show(half);
      display.finish(half);
    }),
    '',
  );
});
