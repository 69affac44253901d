/**
 * A process that an end of a pipe is under way to is killed by SIGKILL right after each word that it writes while it opens that, sends, receives or closes. The other
 * end receives whole messages or none, and then EOFError; and the heap keeps nothing.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Connection, Pipe } from '#src/channel/index.js';
import { EOFError } from '#src/errors.js';
import { handleDoor } from '#src/handles.js';
import { collect, heapDescriptorForChild, heapStatistics, makeParcel, me, theAgent } from '#src/memory/index.js';
import { nativeMemoryMissing } from '#src/memory/heap/native-memory.js';
import { checkHeap } from '../memory/check-heap.js';

const skip = nativeMemoryMissing();
const isLong = process.env['HEDDLE_LONG'] === '1';
const victim = fileURLToPath(new URL('./pipe-victim.js', import.meta.url));
const big = new Uint8Array(20_000).fill(3);

let link = 1000;

/** Runs the victim with an end of the pipe. True: it was killed at that write; false: it has none such. */
async function dies(end: Connection, action: string, write: number): Promise<boolean> {
  link += 1;
  const parcel = makeParcel([end], { host: me, link });
  end.close();
  const args = ['--conditions=model', victim, action, String(parcel), String(write)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', heapDescriptorForChild()!] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  handleDoor()!.dropParcels(link);
  if (signal === 'SIGKILL') return true;
  assert.equal(code, 7, `${action} at write ${write}`);
  return false;
}

/** All that the victim has sent, and then the end of file. */
function restOf(here: Connection): unknown[] {
  const got: unknown[] = [];
  try {
    for (;;) got.push(here.recvSync(0));
  } catch (error) {
    assert.ok(error instanceof EOFError, String(error));
    return got;
  }
}

function check(here: Connection, action: string): void {
  const got = restOf(here);
  assert.throws(() => here.sendSync('more'), EOFError);
  assert.ok(got.length <= (action.startsWith('send') ? 1 : 0), `${got.length} messages of ${action}`);
  for (const message of got) {
    if (action === 'send') assert.equal(message, 'victim');
    if (action === 'sendLarge') assert.deepEqual((message as { readonly bytes: Uint8Array }).bytes, new Uint8Array(20_000).fill(9));
    if (action === 'sendEnd') {
      const { end } = message as { readonly end: Connection };
      assert.throws(() => end.recvSync(0), EOFError);
      end.close();
    }
  }
  here.close();
  checkHeap(theAgent().memory);
}

async function tries(action: string, step: number): Promise<number> {
  for (let write = 1, deaths = 0; ; write += isLong ? 1 : step) {
    const [here, there] = Pipe();
    for (const message of ['one', 'two']) here.sendSync(message);
    if (action === 'recvBytes') {
      assert.equal(there.recvSync(), 'one');
      here.sendBytesSync(big);
    }
    const isDead = await dies(there, action, write);
    try {
      check(here, action);
    } catch (error) {
      throw new Error(`killed at write ${write} of ${action}`, { cause: error });
    }
    if (!isDead) return deaths;
    deaths += 1;
  }
}

for (const [action, step] of [
  ['open', 2],
  ['send', 11],
  ['sendLarge', 29],
  ['sendEnd', 61],
  ['recv', 5],
  ['recvBytes', 7],
  ['close', 11],
] as const) {
  test(`the other end goes on after a process was killed at each write of ${action}`, { skip }, async () => {
    assert.ok((await tries(action, step)) > 1);
  });
}

test('the heap keeps nothing of pipes whose owners were killed', { skip }, async () => {
  collect();
  const before = heapStatistics().used;
  assert.ok((await tries('sendEnd', 97)) > 0);
  collect();
  // Ledgers keep their pages, and lines of slots that were used once.
  assert.ok(heapStatistics().used <= before + 8192, `${before} bytes before, ${heapStatistics().used} after`);
});
