/**
 * A process is killed by SIGKILL right after each word that it writes while it changes a map. The others go on at once; each of its keys has the former value or
 * the new one, all others are as they were, and what was in its hands is freed.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { collect, heapDescriptorForChild, heapStatistics, refOf } from '#src/memory/index.js';
import { nativeMemoryMissing } from '#src/memory/heap/native-memory.js';
import { SharedMap } from '#src/shared-map/index.js';
import { checkMap } from './check-map.js';

const skip = nativeMemoryMissing();
const isLong = process.env['HEDDLE_LONG'] === '1';
const victim = fileURLToPath(new URL('./victim.js', import.meta.url));

/** Runs the victim. True: it was killed at that write; false: it has none such. */
async function dies(map: SharedMap, action: string, write: number): Promise<boolean> {
  const args = ['--conditions=model', victim, action, String(refOf(map)), String(write)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', heapDescriptorForChild()!] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === 'SIGKILL') return true;
  assert.equal(code, 7, `${action} at write ${write}`);
  return false;
}

const large = 'y'.repeat(30_000);

function entriesFor(action: string, map: SharedMap): Record<string, unknown> {
  if (action === 'set the first key of a map') return {};
  const few = { a: 'former', b: 'other', large: [map, large] };
  return action === 'clear' ? { ...few, large2: [map, large] } : few;
}

/** The changes that its keys may show. */
const mayBe: Record<string, (key: string, value: unknown) => boolean> = {
  'set a new key': (key) => key === 'new',
  'set a key': (key) => key === 'a',
  'set a key to a large value with a handle': (key, value) => key === 'a' && Array.isArray(value) && value[2].length === 20_000,
  'set a large value to a small one': (key) => key === 'large',
  'delete a large value': (key, value) => key === 'large' && value === undefined,
  'update a key': (key) => key === 'a',
  'set the first key of a map': (key) => key === 'a',
  'set a key that makes the tables larger': (key) => key.startsWith('more'),
  clear: (_, value) => value === undefined,
  'read a large value': () => false,
};

function check(map: SharedMap, action: string, before: Record<string, unknown>): void {
  const now = Object.fromEntries(map as unknown as Iterable<[string, unknown]>);
  checkMap(map);
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const value = now[key];
    const isFormer = JSON.stringify(value) === JSON.stringify(before[key]);
    assert.ok(isFormer || mayBe[action]!(key, value), `${key} is ${JSON.stringify(value)?.slice(0, 60)}`);
    if (typeof value === 'string') assert.ok(['victim', 'former', 'other'].includes(value));
    else if (Array.isArray(value)) assert.ok(value.includes(map));
  }
  // The map goes on.
  for (const key of ['a', 'new', 'large', 'more 1', 'last']) map.setSync(key, [key, map]).updateSync(key, () => `${key} again`);
  assert.equal(map.getSync('large'), 'large again');
  checkMap(map);
}

for (const action of Object.keys(mayBe)) {
  test(`a map goes on after a process was killed at each write of: ${action}`, { skip }, async () => {
    let deaths = 0;
    const stride = action.includes('larger') ? 401 : action.includes('large') ? 37 : 17;
    for (let write = 1; ; write += isLong ? 1 : stride) {
      const map = new SharedMap();
      const before = entriesFor(action, map);
      for (const [key, value] of Object.entries(before)) map.setSync(key, value);
      if (!(await dies(map, action, write))) break;
      deaths += 1;
      try {
        check(map, action, before);
        map.clearSync();
        checkMap(map);
      } catch (error) {
        throw new Error(`killed at write ${write} of ${action}`, { cause: error });
      }
    }
    assert.ok(deaths > 0, `only ${deaths} deaths`);
    collect();
    // Of each death one parcel may be left in its map, which is garbage by now or soon.
    assert.ok(heapStatistics().used < 16 * 2 ** 20);
  });
}
