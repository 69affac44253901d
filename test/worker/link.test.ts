/** The promises of every link, checked for each implementation. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FrameKind, frame } from '#src/worker/link/frame.js';
import type { Link } from '#src/worker/link/link.js';
import { PipeLink } from '#src/worker/link/pipe-link.js';
import { Reader, pairs, socketPair } from './links.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;

/** Bytes that differ at every place where a piece could be lost, doubled or swapped. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 997) bytes[i] = (i + seed) & 0xff;
  if (length > 0) bytes[length - 1] = seed & 0xff;
  return bytes;
}

for (const [name, connect] of Object.entries(pairs)) {
  test(`${name}: frames change their order, their numbers or their text`, async () => {
    const [a, b] = await connect();
    const reader = new Reader(b);
    const writer = new Reader(a);
    for (let i = 0; i < 1000; i++)
      a.send(frame(FrameKind.Task, { id: i, a: i + 1, b: i + 2, c: i + 3, meta: `ä${i}`, bytes: pattern(i % 50, i) }));
    await reader.until(() => reader.frames.length === 1000);
    for (const [i, f] of reader.frames.entries()) {
      assert.deepEqual([f.kind, f.id, f.a, f.b, f.c, f.meta], [FrameKind.Task, i, i + 1, i + 2, i + 3, `ä${i}`]);
      assert.deepEqual([...f.bytes], [...pattern(i % 50, i)]);
    }
    a.close();
    await reader.until(() => reader.ends === 1);
    await writer.until(() => writer.ends === 1);
  });

  test(`${name}: a frame of some size arrives damaged, or damages its neighbours`, async () => {
    const [a, b] = await connect();
    const reader = new Reader(b);
    const writer = new Reader(a);
    const sizes = [0, 1, 7, 8, 31, 32, 33, 4095, 65_535, 65_536, 65_537, MiB + 3, 0, 64 * MiB, 5];
    for (const [i, size] of sizes.entries()) a.send(frame(FrameKind.Outcome, { id: i, bytes: pattern(size, i) }));
    await reader.until(() => reader.frames.length === sizes.length);
    for (const [i, size] of sizes.entries())
      assert.ok(Buffer.from(reader.frames[i]!.bytes).equals(pattern(size, i)), `frame of ${size} bytes`);
    b.close();
    await writer.until(() => writer.ends === 1);
  });

  test(`${name}: traffic both ways at once disturbs one way`, async () => {
    const [a, b] = await connect();
    const count = 20_000;
    let atB = 0;
    const left = new Reader(a);
    const right = new Reader(b, (f) => {
      assert.equal(f.id, atB++);
      b.send(frame(FrameKind.Outcome, { id: f.id, bytes: f.bytes }));
    });
    for (let i = 0; i < count; i++) {
      a.send(frame(FrameKind.Task, { id: i, bytes: pattern(i % 300, i) }));
      if (i % 1000 === 0) await new Promise(setImmediate);
    }
    await left.until(() => left.frames.length === count);
    assert.ok(left.frames.every((f, i) => f.id === i && f.bytes.byteLength === i % 300));
    a.close();
    await right.until(() => right.ends === 1);
    assert.equal(atB, count);
  });

  test(`${name}: close() loses what was sent before it`, async () => {
    const [a, b] = await connect();
    new Reader(a);
    for (let i = 0; i < 100; i++) a.send(frame(FrameKind.Task, { id: i, bytes: pattern(100_000, i) }));
    a.close();
    a.send(frame(FrameKind.Task, { id: 100 }));
    const reader = new Reader(b);
    await reader.until(() => reader.ends > 0);
    assert.equal(reader.frames.length, 100);
    assert.ok(reader.frames.every((f, i) => f.id === i && Buffer.from(f.bytes).equals(pattern(100_000, i))));
  });

  test(`${name}: the end is told twice, or never`, async () => {
    const [a, b] = await connect();
    const left = new Reader(a);
    const right = new Reader(b);
    a.close();
    a.close();
    b.close();
    await left.until(() => left.ends > 0);
    await right.until(() => right.ends > 0);
    await new Promise(setImmediate);
    assert.deepEqual([left.ends, right.ends], [1, 1]);
  });

  test(`${name}: frames that come before the reader is ready are lost`, async () => {
    const [a, b] = await connect();
    new Reader(a);
    a.send(frame(FrameKind.Task, { id: 1 }));
    a.flush();
    await new Promise(setImmediate);
    const reader = new Reader(b);
    await reader.until(() => reader.frames.length === 1);
    b.close();
  });

  test(`${name}: a slow reader loses frames`, async () => {
    const [a, b] = await connect();
    new Reader(a);
    let seen = 0;
    const reader = new Reader(b, (f) => {
      assert.equal(f.id, seen++);
      // As a task would, it holds up everything for a while.
      const until = performance.now() + 0.2;
      while (performance.now() < until);
    });
    for (let i = 0; i < 500; i++) a.send(frame(FrameKind.Task, { id: i, bytes: pattern(20_000, i) }));
    a.flush();
    assert.ok(a.backlog >= 0);
    await reader.until(() => seen === 500);
    b.close();
  });

  test(`${name}: an unref()ed link keeps its program alive`, async () => {
    const program = `
      const { pairs, Reader } = await import(${JSON.stringify(new URL('./links.js', import.meta.url).href)});
      const [a, b] = await pairs[${JSON.stringify(name)}]();
      new Reader(a); new Reader(b);
      a.unref(); b.unref();
      console.log('end of the program');`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(stdout, 'end of the program\n');
  });
}

test('message port: one attachment that cannot be sent takes its neighbours with it', async () => {
  const [a, b] = await pairs['message port']!();
  const unsent: number[] = [];
  a.open({ onFrame: () => {}, onEnd: () => {}, onUnsent: (f) => unsent.push(f.id) });
  const reader = new Reader(b);
  a.send(frame(FrameKind.Task, { id: 1 }));
  a.send(frame(FrameKind.Task, { id: 2, attachments: [() => {}] }));
  a.send(frame(FrameKind.Task, { id: 3, attachments: [new Uint8Array([7])] }));
  await reader.until(() => reader.frames.length === 2);
  assert.deepEqual(unsent, [2]);
  assert.deepEqual(
    reader.frames.map((f) => f.id),
    [1, 3],
  );
  assert.deepEqual(reader.frames[1]!.attachments, [new Uint8Array([7])]);
  a.close();
});

/** Writes to an other side that has ended. */
async function writeInVain(link: Link): Promise<void> {
  for (let i = 0; i < 3; i++) {
    link.send(frame(FrameKind.Task, { bytes: pattern(100_000, 1) }));
    link.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('pipe: what was sent before the other side ended is read after a write to it has failed', async () => {
  const [a, b] = await socketPair();
  const [link, other] = [new PipeLink(a), new PipeLink(b)];
  const gone = new Promise((resolve) => b.once('close', resolve));
  for (let i = 0; i < 3; i++) other.send(frame(FrameKind.Task, { id: i, bytes: pattern(10_000, i) }));
  other.flush();
  b.destroy();
  await gone;
  // Ours has not begun to read.
  await writeInVain(link);
  assert.equal(a.destroyed, false);
  const reader = new Reader(link);
  await reader.until(() => reader.ends === 1);
  assert.deepEqual(
    reader.frames.map((f) => [f.id, f.bytes.byteLength]),
    [
      [0, 10_000],
      [1, 10_000],
      [2, 10_000],
    ],
  );
  link.close();
  assert.equal(a.destroyed, true);
});

/** A link whose other side ended while it wrote, and that has been told of its end. */
async function endedAfterFailedWrite(): Promise<WeakRef<Link>> {
  const [a, b] = await socketPair();
  const link = new PipeLink(a);
  const other = new PipeLink(b);
  const gone = new Promise((resolve) => b.once('close', resolve));
  other.send(frame(FrameKind.Task, { id: 1 }));
  other.flush();
  b.destroy();
  await gone;
  await writeInVain(link);
  const reader = new Reader(link);
  await reader.until(() => reader.ends === 1);
  return new WeakRef(link);
}

test('pipe: a link that has ended after a failed write is kept by its timer', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const link = await endedAfterFailedWrite();
  // To look at it would keep it until the turn ends: only what comes after is collected.
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  assert.equal(link.deref(), undefined);
});
