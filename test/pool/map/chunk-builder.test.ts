/** The weights of a map's items in flight: without a worker. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkBuilder } from '#src/pool/map/chunk-builder.js';
import { openSource } from '#src/pool/map/source.js';
import { share, SharedArray } from '#src/shared/index.js';
import { handleDoor } from '#src/handles.js';

const kinds = ['thread', 'process'] as const;

for (const kind of kinds) {
  test(`${kind}: numbers weigh four bytes each, or eight`, () => {
    for (const [make, bytes] of [
      [(i: number) => i, 4],
      [(i: number) => i / 2, 8],
    ] as const) {
      const builder = new ChunkBuilder({ kind }, false);
      for (let i = 0; i < 10_000; i++) builder.add(make(i), i);
      assert.equal(builder.weight, 10_000 * bytes);
      assert.equal(builder.seal()!.packet.bytes.length, 10_000 * bytes + 4);
    }
  });

  test(`${kind}: a range of shared memory weighs the same, however many its items`, () => {
    for (const list of [share(new Float64Array(1_000_000)), new SharedArray('float64', 1_000_000)]) {
      const { range } = openSource([list], () => true);
      const builder = new ChunkBuilder({ kind }, false);
      let taken = 0;
      while (taken < 1_000_000) {
        const { from, count } = range!.skip(300_000);
        assert.equal(from, taken);
        builder.addRange(range!.list, from, count, taken);
        taken += count;
      }
      assert.equal(range!.skip(1).count, 0);
      const { packet, count, rangeFrom } = builder.seal()!;
      assert.deepEqual([count, rangeFrom, packet.handles.length], [1_000_000, 0, 1]);
      assert.ok(packet.bytes.length < 100, `${packet.bytes.length} bytes`);
      handleDoor()!.unpin(packet.handles);
    }
  });
}
