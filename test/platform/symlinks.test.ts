/** A package that is a symlink (`npm link`, workspaces) stays what it is: what heddle does between two imports of it does not make it another. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.resolve('heddle')));

/** A program with `heddle` behind a symlink; each line of it imports that again. */
async function linked(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'linked-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'heddle'));
    writeFileSync(join(folder, 'main.mjs'), source);
    return (await promisify(execFile)(process.execPath, [join(folder, 'main.mjs')], { timeout: 50_000 })).stdout.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const Pool of ['ThreadPoolExecutor', 'ProcessPoolExecutor']) {
  test(`${Pool}: a task that waited, or woke another, imports another heddle`, { timeout: 60_000 }, async () => {
    const program = `
      import { Event, ${Pool} } from 'heddle';
      const pool = new ${Pool}({ maxWorkers: 2 });
      const [asked, answered] = [new Event(), new Event()];
      const isSame = async (event) => event instanceof (await import('heddle')).Event;
      const waits = pool.submit(async () => {
        asked.set();
        await answered.wait();
        return isSame(answered);
      });
      const wakes = pool.submit(async () => {
        await asked.wait();
        answered.set();
        return isSame(asked);
      });
      console.log(await waits, await wakes);
      await pool.shutdown();`;
    assert.equal(await linked(program), 'true true');
  });
}
