/** A loader that gives the user's modules a heddle of their own, as tsx does in CommonJS: a child's first file then has another copy. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'heddle-loaders-'));
test.after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(fileURLToPath(new URL('../../../', import.meta.url)), join(folder, 'node_modules/heddle'));

/** Prints of a TypeScript program in a folder of CommonJS. */
function run(program: string): string[] {
  const main = join(folder, 'main.ts');
  writeFileSync(main, program);
  return execFileSync(process.execPath, ['--import', import.meta.resolve('tsx'), main], { encoding: 'utf8', timeout: 60_000 })
    .trimEnd()
    .split('\n');
}

test('processes and threads know themselves and their rules in every copy of heddle', () => {
  const lines = run(`
    import { activeCount, currentProcess, currentThread, parentProcess, Process, Thread } from 'heddle';
    enum Kind { Small = 'small' }
    class Own extends Process {
      constructor(private readonly kind: Kind) { super(); }
      override run(): void { console.log(this.name, this.kind, currentProcess() === this); }
    }
    new Own(Kind.Small).start().joinSync();
    function look(): void {
      console.log(currentProcess().name, parentProcess()?.name, currentThread().name, currentThread().daemon, activeCount());
      try { new Process({ target: look }).start(); } catch (error) { console.log(String(error)); }
    }
    new Process({ target: look, daemon: true }).start().joinSync();
    const inThread = (): void => console.log(currentProcess().name, currentThread().name, currentThread().daemon, activeCount());
    new Thread({ target: inThread, daemon: true }).start().joinSync();
  `);
  assert.deepEqual(lines, [
    'Process-1 small true',
    'Process-2 MainProcess MainThread false 1',
    'ProcessError: daemonic processes are not allowed to have children',
    'MainProcess Thread-1 (inThread) true 2',
  ]);
});

test('a module that starts a process and a thread where it is loaded starts one of each, in every copy of heddle', () => {
  writeFileSync(
    join(folder, 'starting.ts'),
    `import { Process, Thread } from 'heddle';
    export function work(): void { console.log('worked'); }
    for (const Class of [Process, Thread]) {
      try { new Class({ target: work, name: 'own' }).start().joinSync(); } catch (error) { console.log((error as Error).name); }
    }`,
  );
  const lines = run(`import { work } from './starting.ts'; console.log(work.name);`);
  const once = ['ProcessError', 'ProcessError', 'worked'];
  assert.deepEqual(lines, [...once, ...once, 'work']);
});
