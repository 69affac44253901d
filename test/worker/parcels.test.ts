/** Shared objects in the frames of a link: held at every moment, and free when it is over. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, heapStatistics, Word } from '#src/lowlevel/index.js';
import { FrameKind, frame } from '#src/worker/link/frame.js';
import { type SharedObject, me } from '#src/memory/index.js';
import { features } from '#src/platform/index.js';
import { Reader, pairs } from './links.ts';

const parcels = (): number => heapStatistics().parcels;

/** Without native calls no heap goes beyond a process, and a pipe's two ends are taken for two processes. */
const usable = Object.entries(pairs).filter(([name]) => name === 'message port' || features().sharedHeap === null);

for (const [name, connect] of usable) {
  const open = async () => {
    const [a, b] = await connect();
    const [writer, reader] = [new Reader(a), new Reader(b)];
    b.parcels.identity = a.parcels.identity;
    return {
      a,
      b,
      writer,
      reader,
      close: async () => (a.close(), await Promise.all([writer, reader].map((each) => each.until(() => each.ends === 1)))),
    };
  };

  test(`${name}: a frame loses its objects, or brings others`, async () => {
    const { a, reader, close } = await open();
    const [one, two, three] = [new Word(1), new Word(2), new Word(3)];
    const sent: SharedObject[][] = [[one], [], [two, three, one], [], [three]];
    const sizes = [0, 70_000, 3, 100, 70_000];
    for (const [id, handles] of sent.entries())
      a.send(frame(FrameKind.Task, { id, handles, meta: id % 2 === 0 ? '' : '{}', bytes: new Uint8Array(sizes[id]!).fill(id) }));
    await reader.until(() => reader.frames.length === sent.length);
    for (const [id, f] of reader.frames.entries()) {
      assert.equal(f.id, id);
      assert.equal(f.lost, undefined);
      assert.deepEqual([...f.handles], sent[id]);
      assert.ok(Buffer.from(f.bytes).equals(Buffer.alloc(sizes[id]!, id)));
    }
    assert.equal(parcels(), 0);
    await close();
  });

  test(`${name}: the objects of a frame in flight are held, until the end of its link`, async () => {
    const { a, close, reader } = await open();
    a.send(frame(FrameKind.Task, { id: 1, handles: [new Word(77)] }));
    if (name !== 'ring') assert.equal(parcels(), 0, 'it has not left');
    a.flush();
    assert.equal(parcels(), 1);
    collect();
    await reader.until(() => reader.frames.length === 1);
    assert.equal((reader.frames[0]!.handles[0] as Word).load(), 77);
    a.send(frame(FrameKind.Task, { id: 2, handles: [new Word()] }));
    a.flush();
    a.parcels.drop();
    assert.equal(parcels(), 0);
    await reader.until(() => reader.frames.length === 2);
    assert.match(reader.frames[1]!.lost!.message, /the link/);
    a.send(frame(FrameKind.Task, { id: 3, handles: [new Word()] }));
    a.flush();
    assert.equal(parcels(), 0, 'a link that has ended sends some');
    await close();
  });

  test(`${name}: the host's link drops what belongs to another one`, async () => {
    const [first, second] = [await open(), await open()];
    first.a.send(frame(FrameKind.Task, { handles: [new Word(5)] }));
    first.b.send(frame(FrameKind.Task, { handles: [new Word(6)] }));
    first.a.flush();
    first.b.flush();
    second.a.parcels.drop();
    assert.equal(parcels(), 2);
    for (const { frames, until } of [first.reader, first.writer].map((each) => ({ frames: each.frames, until: each.until.bind(each) }))) {
      await until(() => frames.length === 1);
      assert.equal(frames[0]!.lost, undefined);
    }
    await Promise.all([first.close(), second.close()]);
  });

  test(`${name}: a worker's frame is not dropped, as its host had no slot when it left`, async () => {
    const { a, b, close } = await open();
    b.parcels.identity = { number: a.parcels.identity.number, slot: 0 };
    b.send(frame(FrameKind.Outcome, { handles: [new Word()] }));
    b.flush();
    assert.equal(parcels(), 1);
    a.parcels.drop();
    assert.equal(parcels(), 0);
    await close();
  });
}

test('a frame that cannot be posted goes on holding its objects, or its neighbours lose theirs', async () => {
  const [a, b] = await pairs['message port']!();
  const unsent: unknown[] = [];
  a.open({ onFrame: () => {}, onEnd: () => {}, onUnsent: (f) => unsent.push(f.id) });
  const reader = new Reader(b);
  const word = new Word();
  a.send(frame(FrameKind.Task, { id: 1, handles: [word] }));
  a.send(frame(FrameKind.Task, { id: 2, handles: [word], attachments: [() => {}] }));
  a.send(frame(FrameKind.Task, { id: 3, handles: [word] }));
  await reader.until(() => reader.frames.length === 2);
  assert.deepEqual([unsent, reader.frames.map(({ id }) => id)], [[2], [1, 3]]);
  for (const f of reader.frames) assert.equal(f.handles[0], word);
  assert.equal(parcels(), 0);
  assert.notEqual(me, 0);
  a.close();
  await reader.until(() => reader.ends === 1);
});

test('a frame overtakes one that waits for the kinds of its objects', async () => {
  const { Parcels } = await import('#src/worker/link/parcels.js');
  // As in a thread that has received none: the first one of this module's copies has.
  const [sender, receiver] = [new Parcels(false), new Parcels(false)];
  const frames = [frame(FrameKind.Task, { id: 1, handles: [new Word()] }), frame(FrameKind.Task, { id: 2 })];
  for (const f of frames) sender.pack(f);
  const seen: unknown[] = [];
  for (const f of frames) receiver.receive(f, ({ id }) => seen.push(id));
  receiver.afterLast(() => seen.push('end'));
  while (seen.length < 3) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, [1, 2, 'end']);
});
