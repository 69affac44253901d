/** Scripts are read from their files only where that is what V8 compiled. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const heddle = import.meta.resolve('heddle');
const folder = mkdtempSync(join(tmpdir(), 'heddle-scripts-'));
after(() => rmSync(folder, { recursive: true }));

writeFileSync(join(folder, 'a.mjs'), 'export const which = "a";');
writeFileSync(join(folder, 'b.mjs'), 'export const which = "b";');

/** Runs a program whose `enables` counts how often the debugger was asked; gives what it printed as JSON. */
function run(name: string, code: string, ...flags: string[]): unknown {
  const file = join(folder, name);
  writeFileSync(
    file,
    `import { Session } from 'node:inspector';
    import { writeFileSync } from 'node:fs';
    import { ThreadPoolExecutor } from '${heddle}';
    const { post } = Session.prototype;
    let enables = 0;
    Session.prototype.post = function (method, ...rest) { if (method === 'Debugger.enable') enables += 1; return post.call(this, method, ...rest); };
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const told = async (value) => { console.log(JSON.stringify(await value)); await pool.shutdown(); };
    ${code}`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-deprecation', ...flags, file], { cwd: folder, encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

const user = (file: string): string => `import { which } from './${file}.mjs';\nexport const make = (x) => () => which + x;\n`;

test('closure of an unchanged file needs no debugger, and keeps its place', () => {
  const seen = run(
    'plain.mjs',
    `const three = 3;
    const fails = () => { throw new Error(String(three)); };
    const error = await pool.submit(fails).catch((thrown) => thrown);
    await told([error.message, /at fails \\(.*plain\\.mjs:10:33\\)/.test(error.stack), enables]);`,
  );
  assert.deepEqual(seen, ['3', true, 0]);
});

test('closure of a file that was written over after its import means what was imported', () => {
  writeFileSync(join(folder, 'lib.mjs'), user('a'));
  const seen = run(
    'overwritten.mjs',
    `const { make } = await import('./lib.mjs');
    writeFileSync(new URL('lib.mjs', import.meta.url), ${JSON.stringify(user('b'))});
    const result = await pool.submit(make('!'));
    await told([result, enables]);`,
  );
  assert.deepEqual(seen, ['a!', 1]);
});

test('closure of a file that a loader changes means what the loader made of it', () => {
  writeFileSync(join(folder, 'lib.mjs'), user('a'));
  const hooks = `export async function load(url, context, next) {
    const loaded = await next(url, context);
    return url.endsWith('lib.mjs') ? { ...loaded, source: String(loaded.source).replace('./a.mjs', './b.mjs') } : loaded;
  }`;
  const seen = run(
    'loader.mjs',
    `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { make } = await import('./lib.mjs');
    const here = make('!')();
    const there = await pool.submit(make('!'));
    await told([here, there, enables]);`,
  );
  assert.deepEqual(seen, ['b!', 'b!', 1]);
});

test('code made at run time is not taken for a file', () => {
  const seen = run(
    'run-time.mjs',
    `const made = new Function('three', 'return () => three * 2;\\n//# sourceURL=' + import.meta.url)(3);
    await told(pool.submit(made));`,
  );
  assert.equal(seen, 6);
});
