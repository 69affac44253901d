/** A worker loads what its tasks need, and no more. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Word } from '#src/lowlevel/index.js';
import { features } from '#src/platform/index.js';
import { kinds } from '../inside-kinds.ts';

const apart = features().sharedHeap !== null;

for (const { kind, open } of kinds) {
  const skip = kind === 'process' && apart;

  test(`${kind}: a worker without shared objects does not load their code`, async () => {
    await using pool = open({ maxWorkers: 1 });
    const door = import.meta.resolve('#src/handles.js');
    const isLoaded = async (): Promise<boolean[]> => {
      const { handleDoor } = (await import(door)) as { handleDoor(): unknown };
      return [handleDoor() !== undefined, /koffi/.test(readFileSync('/proc/self/maps', 'utf8'))];
    };
    const [isOpen, hasKoffi] = await pool.submit(isLoaded);
    // A thread sees the libraries of its whole process.
    assert.deepEqual([isOpen, kind === 'process' && hasKoffi], [false, false]);
    if (!skip) {
      await pool.submit((word: Word) => word.add(1), new Word());
      assert.equal((await pool.submit(isLoaded))[0], true);
    }
  });
}
