/** The bar and the log line, as text: no terminal, no clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Display, type DisplayMode } from '#src/progress/display.js';
import { screenOf } from './screen.js';
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

/** Two streams of one terminal, and a bar on the second. */
function shared(use: (display: Display, out: Writer, err: Writer) => void): { text: string; out: Writer; err: Writer } {
  let text = '';
  const make = (): Writer => ({
    write: (chunk) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    },
  });
  const [out, err] = [make(), make()];
  use(new Display({ mode: 'terminal', label: 'x', stream: err, shared: [out, err] }), out, err);
  return { text, out, err };
}

interface Writer {
  write(chunk: string | Uint8Array): boolean;
}

const bar = renderBar(half, { width: 79, label: 'x' });

test('what the program writes to either stream begins on a fresh line, and the bar comes back below it', () => {
  const { text } = shared((display, out, err) => {
    display.show(half);
    out.write('from the program\n');
    err.write(Buffer.from('and an error\nof two lines\n'));
    out.write('');
  });
  assert.deepEqual(screenOf(text), ['from the program', 'and an error', 'of two lines', bar]);
});

test('a line that the program writes in parts is kept whole: the bar waits for its end', () => {
  const { text } = shared((display, out) => {
    display.show(half);
    out.write('loading');
    display.show({ ...half, elapsed: 6000 });
    out.write('.');
    display.show({ ...half, elapsed: 7000 });
    out.write(' done\nnext');
    display.around(() => out.write('a result\n'));
    display.finish(half);
  });
  assert.deepEqual(screenOf(text), ['loading. done', 'next', 'a result', bar]);
});

test('a bar that ends in the middle of a line of the program begins one of its own', () => {
  const { text } = shared((display, out) => {
    display.show(half);
    out.write('loading');
    display.finish(half);
    out.write('after\n');
  });
  assert.deepEqual(screenOf(text), ['loading', bar, 'after']);
});

test('the streams are as they were when the bar has ended, and a hook put on top meanwhile stays', () => {
  const writes = new Map<Writer, Writer['write']>();
  const { out, err, text } = shared((display, one, other) => {
    for (const stream of [one, other]) writes.set(stream, stream.write);
    display.show(half);
    for (const stream of [one, other]) assert.notEqual(stream.write, writes.get(stream));
    const hooked = other.write;
    other.write = (chunk) => hooked.call(other, `> ${String(chunk)}`);
    display.finish(half);
    other.write('through both\n');
  });
  assert.equal(out.write, writes.get(out));
  assert.notEqual(err.write, writes.get(err));
  assert.match(text, /> through both\n$/);
});

test('bars that end in another order than they began leave the streams as they were, and one hook while they last', () => {
  const writes = new Map<Writer, Writer['write']>();
  const { out, err } = shared((display, one, other) => {
    for (const stream of [one, other]) writes.set(stream, stream.write);
    const open = (label: string): Display => new Display({ mode: 'terminal', label, stream: other, shared: [one, other] });
    display.show(half);
    const hooked = one.write;
    let last = display;
    for (let i = 0; i < 3; i++) {
      const next = open(`${i}`);
      next.show(half);
      assert.equal(one.write, hooked);
      last.finish(half);
      last = next;
    }
    last.finish(half);
  });
  for (const stream of [out, err]) assert.equal(stream.write, writes.get(stream));
});

test('two bars at once do not write into each other', () => {
  let second: Display | undefined;
  const { text } = shared((display, out, err) => {
    second = new Display({ mode: 'terminal', label: 'second', stream: err, shared: [out, err] });
    display.show(half);
    second.show(half);
    out.write('printed\n');
    second.finish(half);
    display.finish(half);
  });
  assert.deepEqual(screenOf(text), ['printed', renderBar(half, { width: 79, label: 'second' }), bar]);
});
