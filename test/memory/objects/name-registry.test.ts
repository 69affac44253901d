/** Names of tracked memory in the heap: they stay through every sweep, and each entry has one owner. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateOwned, claimEntry, clearEntry, collect, type NameEntry, releaseEntries, theAgent, writeEntry } from '#src/memory/index.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { entriesInBlock, entryWords } from '#src/platform/index.js';
import { nativeMemoryMissing } from '#src/memory/heap/native-memory.js';

const skip = nativeMemoryMissing();
const { owner: OWNER, ready: READY, inode: INODE, name: NAME } = entryWords;

const nameIn = ({ words, at }: NameEntry): string =>
  Buffer.from(words.buffer, words.byteOffset + (at + NAME) * 4, 256)
    .toString()
    .replace(/\0+$/, '');
const placeOf = ({ words, at }: NameEntry): number => words.byteOffset + at * 4;

test('entries of several blocks keep their names through sweeps, and no two are the same', { skip }, () => {
  const count = 2 * entriesInBlock + 5;
  const entries = Array.from({ length: count }, (_, n) => {
    const entry = claimEntry();
    writeEntry(entry, 2 ** 40 + n, Buffer.from(`name-${n}`));
    return entry;
  });
  for (let i = 0; i < 3; i += 1) {
    collect();
    // Memory that was freed by mistake would be written over.
    const blocks = Array.from({ length: 20 }, () => allocateOwned(16_000));
    for (const { words, at } of blocks) words.fill(-1, at + 4, at + 16_000);
  }
  for (const [n, entry] of entries.entries()) {
    const { words, at } = entry;
    assert.deepEqual([nameIn(entry), words[at + OWNER], words[at + READY]], [`name-${n}`, process.pid, 1]);
    assert.equal((words[at + INODE]! >>> 0) + words[at + INODE + 1]! * 2 ** 32, 2 ** 40 + n);
  }
  assert.equal(new Set(entries.map((entry) => entry.words.buffer)).size, 1);
  assert.equal(new Set(entries.map(placeOf)).size, count);
  for (const entry of entries) clearEntry(entry);
});

test('an entry that was cleared is used again, its former name is gone, and a released one is free', { skip }, () => {
  releaseEntries();
  const long = claimEntry();
  writeEntry(long, 1, Buffer.from('x'.repeat(255)));
  assert.equal(nameIn(long), 'x'.repeat(255));
  clearEntry(long);
  const again = claimEntry();
  assert.equal(placeOf(again), placeOf(long));
  assert.equal(again.words[again.at + READY], 0);
  writeEntry(again, 2, Buffer.from('y'));
  assert.equal(nameIn(again), 'y');
  clearEntry(again);
  releaseEntries();
  assert.equal(again.words[again.at + OWNER], 0);
  assert.notEqual(theAgent().memory.segment(0)[headerFields.names], 0);
});
