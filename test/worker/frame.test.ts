import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameKind, frame, frameSize, readFrame, sizeAt, writeFrame } from '#src/worker/link/frame.js';

test('a frame is read as something else than was written, alone or behind others', () => {
  const anyFrame = fc.record({
    id: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    a: fc.nat(0xffff_ffff),
    b: fc.nat(0xffff_ffff),
    c: fc.nat(0xffff_ffff),
    meta: fc.string({ unit: 'grapheme' }),
    bytes: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), (list) => {
      const frames = list.map((fields) => frame(FrameKind.Task, fields));
      const batch = new Uint8Array(frames.reduce((sum, f) => sum + frameSize(f, true), 0));
      const view = new DataView(batch.buffer);
      let at = 0;
      for (const f of frames) at = writeFrame(f, batch, view, at, 0);
      assert.equal(at, batch.byteLength);
      at = 0;
      for (const f of frames) {
        assert.deepEqual({ ...readFrame(batch, view, at), bytes: [...readFrame(batch, view, at).bytes] }, { ...f, bytes: [...f.bytes] });
        at += sizeAt(view, at);
      }
    }),
  );
});
