/** Pools in workers: modules that use a pool where they are loaded start no workers without end. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'test/fixtures/nesting');
const cli = join(root, 'dist/cli/main.js');

interface Ran {
  readonly stdout: string;
  /** The notes of the modules, each line once for each time. */
  readonly notes: string[];
}

/** Runs Node; the modules in the folder note what happens to them. */
function run(kind: string, args: readonly string[]): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), 'heddle-nesting-'));
  const log = join(home, 'log');
  const env = { ...process.env, NESTING_KIND: kind, NESTING_LOG: log };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { encoding: 'utf8', env, cwd: folder }, (error, stdout, stderr) => {
      const notes = error === null ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
      rmSync(home, { recursive: true });
      if (error === null) resolve({ stdout, notes });
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

const program = (kind: string, text: string, ...flags: string[]): Promise<Ran> => run(kind, [...flags, '--input-type=module', '-e', text]);

const loads = ({ notes }: Ran): number => notes.filter((line) => line === 'loaded').length;
const others = ({ notes }: Ran): string[] => notes.filter((line) => line !== 'loaded');

const refused = (fn: string, module: string): RegExp =>
  new RegExp(
    `${fn} cannot be given to \\w+PoolExecutor-1 while a worker imports \\S*${module}: the workers of that pool would import the same`,
  );

const named = { thread: 'ThreadPoolExecutor-1', process: 'ProcessPoolExecutor-1' } as const;

for (const kind of ['thread', 'process'] as const) {
  test(`${kind}: a module that uses its pool in any way while it is imported is loaded once in a worker, which refuses that by name`, async () => {
    const ran = await program(kind, `import { doubled } from './warming.mjs'; console.log(await doubled(21));`);
    assert.equal(ran.stdout, '42\n');
    assert.equal(loads(ran), 2);
    const ways = { submit: 'warmUp', broadcast: 'warmUp', map: 'double', stream: 'values' };
    const told = others(ran).toSorted();
    assert.deepEqual(
      told.map((line) => line.split(':')[0]),
      Object.keys(ways).toSorted(),
    );
    for (const line of told) {
      const [way, rest] = [line.split(':')[0]!, line.slice(line.indexOf(' ') + 1)];
      assert.match(rest, refused(`^InvalidStateError: ${ways[way as keyof typeof ways]}`, 'warming\\.mjs'));
    }
  });

  test(`${kind}: a module that waits for its pool while it is imported fails with the refusal`, async () => {
    const ran = await program(kind, `console.log(await import('./awaiting.mjs').catch((error) => error.message));`);
    assert.match(ran.stdout, refused('^one', 'awaiting\\.mjs'));
    assert.equal(loads(ran), 2);
  });

  test(`${kind}: a module whose task imports it again is loaded in two workers, one in the other`, async () => {
    const ran = await program(kind, `console.log(await import('./importing.mjs').catch((error) => error.message));`);
    assert.match(ran.stdout, new RegExp(`^again cannot be given to ${named[kind]} while \\S*importing\\.mjs is loaded, in a worker that`));
    assert.equal(loads(ran), 3);
  });

  test(`${kind}: a CommonJS module that uses its pool while it is required is loaded once in a worker`, async () => {
    const ran = await program(kind, `import old from './old.cjs'; console.log(await old.found);`);
    assert.equal(ran.stdout, '7\n');
    assert.equal(loads(ran), 2);
    assert.equal(others(ran).length, 1);
    assert.match(others(ran)[0]!, refused('^seven', 'old\\.cjs'));
  });

  test(`${kind}: a preloaded module that uses a pool does so in no worker`, async () => {
    const text = `import { Pool } from './kind.mjs'; console.log(await new Pool({ maxWorkers: 1 }).submit(() => 7));`;
    const ran = await program(kind, text, '--import', './preloaded.mjs');
    assert.equal(ran.stdout, '7\n');
    // The program, a worker of its pool, and one of the preloaded module's, which may not have come so far.
    assert.ok(loads(ran) <= 3, `it was loaded ${loads(ran)} times`);
    assert.ok(others(ran).length >= 1);
    for (const line of others(ran))
      assert.match(line, new RegExp(`^\\(anonymous\\) cannot be given to ${named[kind]} while a worker imports its preloaded modules`));
  });

  test(`${kind}: heddle map imports a module that uses a pool in its worker, and in one below that`, async () => {
    const ran = await run(kind, [cli, 'map', `--${kind === 'thread' ? 'threads' : 'processes'}`, '-j1', 'item.mjs#doubled', '1', '2']);
    assert.equal(ran.stdout, '2\n4\n');
    assert.equal(loads(ran), 2);
    assert.equal(others(ran).length, 1);
    assert.match(others(ran)[0]!, refused('^double', 'item\\.mjs'));
  });

  test(`${kind}: a pool that a module makes where it is loaded can be used by a task`, async () => {
    const text = `import { Pool } from './kind.mjs'; import { doubled } from './inner.mjs';
      console.log(await new Pool({ maxWorkers: 1 }).submit(doubled, 21));`;
    const ran = await program(kind, text);
    assert.equal(ran.stdout, '42\n');
    // The program, its worker, and the worker of the pool there.
    assert.equal(loads(ran), 3);
    assert.deepEqual(others(ran), []);
  });
}

test('pools nest up to 8 deep where nothing tells that they nest without end', async () => {
  const ran = await program('thread', `console.log(await import('./importing-late.mjs').catch((error) => error.message));`);
  assert.equal(ran.stdout, 'again cannot be given to ThreadPoolExecutor-1 in a worker that is 8 pools deep: pools nest up to 8 deep\n');
  assert.equal(loads(ran), 9);
});

for (const [what, change] of [
  ['stacks are frames', 'Error.prepareStackTrace = (_error, frames) => frames;'],
  ['stacks cannot be read', 'Error.prepareStackTrace = () => { throw new Error("no stack"); };'],
  ['Error.stackTraceLimit cannot be written', 'Object.defineProperty(Error, "stackTraceLimit", { value: 10, writable: false });'],
  [
    'Error.stackTraceLimit is fixed',
    'Object.defineProperty(Error, "stackTraceLimit", { value: 1, writable: false, configurable: false });',
  ],
  ['Error.stackTraceLimit is missing', 'delete Error.stackTraceLimit;'],
  ['Error is frozen', 'Object.freeze(Error);'],
] as const)
  test(`a task uses a pool where ${what}, and Error is as it was`, async () => {
    const text = `import { Pool, note } from './kind.mjs';
      const outer = new Pool({ maxWorkers: 1 });
      const told = await outer.submit(async (change) => {
        const { Pool } = await import(${JSON.stringify(join(folder, 'kind.mjs'))});
        const own = () => ['stackTraceLimit', 'prepareStackTrace'].map((key) => Object.getOwnPropertyDescriptor(Error, key));
        (0, eval)(change);
        const before = own();
        const inner = new Pool({ maxWorkers: 1 });
        const value = await inner.submit(() => 'done');
        const { isDeepStrictEqual } = await import('node:util');
        return [value, isDeepStrictEqual(own(), before)];
      }, ${JSON.stringify(change)});
      note('loaded');
      console.log(...told);`;
    assert.equal((await program('thread', text)).stdout, 'done true\n');
  });
