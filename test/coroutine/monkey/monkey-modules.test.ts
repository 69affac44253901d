/** Every import of the blocking functions, in any way and language, sees the patch, as far as Node permits. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'monkey-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/heddle'));
symlinkSync(join(root, 'node_modules/tsx'), join(folder, 'node_modules/tsx'));
after(() => rmSync(folder, { recursive: true }));

/** Runs a program; what it prints. */
async function run(name: string, code: string, ...flags: string[]): Promise<string[]> {
  writeFileSync(join(folder, name), code);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--no-warnings', ...flags, name], { cwd: folder }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trimEnd().split('\n'));
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

const patch = `
  const found = [];
  monkey.patchAll({ onBlock: ({ name }) => found.push(name), longerThan: Infinity });
`;
/** Finds in a greenlet while the patch is on, and then while it is off. */
const print = (call: string): string => `
  const once = () => spawn(function* () { yield* sleep(0); return ${call}; });
  (async () => {
    await once();
    monkey.unpatchAll();
    await once();
    console.log(String(found));
  })();
`;
const heddle = `{ monkey, sleep, spawn }`;

for (const [what, imported, call] of [
  ['a name', `import { statSync } from 'node:fs';`, `statSync('.')`],
  ['a name under another', `import { statSync as look } from 'fs';`, `look('.')`],
  ['the default', `import fs from 'node:fs';`, `fs.statSync('.')`],
  ['the namespace', `import * as fs from 'node:fs';`, `fs.statSync('.')`],
] as const) {
  test(`${what} of an imported module has the patch, exactly while it is on`, async () => {
    const code = `${imported} import ${heddle} from 'heddle/coroutine'; ${patch} ${print(call)}`;
    assert.deepEqual(await run('imported.mjs', code), ['fs.statSync']);
  });
}

test('modules that are imported later have the patch', async () => {
  const code = `import ${heddle} from 'heddle/coroutine'; ${patch} const { statSync } = await import('node:fs'); ${print(`statSync('.')`)}`;
  assert.deepEqual(await run('later.mjs', code), ['fs.statSync']);
});

test('a required module has the patch, exactly while it is on', async () => {
  const code = `const fs = require('fs'); const ${heddle} = require('heddle/coroutine'); ${patch} ${print(`fs.statSync('.')`)}`;
  assert.deepEqual(await run('required.cjs', code), ['fs.statSync']);
});

test('a function taken out of a required module does not know of a later patch', async () => {
  const taken = `const { statSync } = require('fs');`;
  const begin = `const ${heddle} = require('heddle/coroutine');`;
  assert.deepEqual(await run('before.cjs', `${taken} ${begin} ${patch} ${print(`statSync('.')`)}`), ['']);
  assert.deepEqual(await run('after.cjs', `${begin} ${patch} ${taken} ${print(`statSync('.')`)}`), ['fs.statSync']);
});

const typed = `
  import { execFileSync } from 'node:child_process';
  import fs, { statSync } from 'node:fs';
  import { monkey, sleep, spawn } from 'heddle/coroutine';

  const found: string[] = [];
  const options: monkey.PatchOptions = {
    onBlock({ name, stack, ms, greenlet }: monkey.Blocked): void {
      const place: string = /\\w+\\.[cm]?ts:\\d+/.exec(stack)?.[0] ?? '';
      found.push([name, greenlet, place, typeof ms].join(' '));
    },
    longerThan: Infinity,
  };
  monkey.patchAll(options);

  function* work(path: string) {
    yield* sleep(0);
    statSync(path);
    fs.statSync(path);
    return execFileSync(process.execPath, ['-p', '1']);
  }
  const g = spawn(work, '.');
  g.name = 'g';
  g.then(() => console.log(found.join('\\n')));
`;
const lines = (file: string): string[] => [
  `fs.statSync g ${file}:18 number`,
  `fs.statSync g ${file}:19 number`,
  `child_process.execFileSync g ${file}:20 number`,
];

for (const file of ['typed.mts', 'typed.ts']) {
  test(`TypeScript through tsx (${file}) is seen, at its own lines`, async () => {
    assert.deepEqual(await run(file, typed, '--enable-source-maps', '--import', 'tsx'), lines(file));
  });
}

const strips = 'typescript' in process.features ? false : 'needs a Node that reads TypeScript';
test('TypeScript that Node reads itself is seen, at its own lines', { skip: strips }, async () => {
  assert.deepEqual(await run('stripped.mts', typed), lines('stripped.mts'));
});

test('a patch holds for its own thread only', async () => {
  const code = `
    import { statSync } from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import ${heddle} from 'heddle/coroutine';
    const found = [];
    const onBlock = ({ name, greenlet }) => found.push(name + ' in ' + greenlet);
    async function work(who) {
      const g = spawn(() => { statSync('.'); for (let i = 0; i < 1e5; i += 1) Math.sqrt(i); });
      g.name = who;
      await g;
    }
    if (isMainThread) {
      monkey.patchAll({ onBlock, longerThan: Infinity });
      const worker = new Worker(new URL(import.meta.url));
      const next = () => new Promise((resolve) => worker.once('message', resolve));
      console.log(String(await next()));
      await work('main thread');
      worker.postMessage('patch');
      console.log(String(await next()));
      console.log(String(found));
    } else {
      await work('not patched');
      parentPort.postMessage(found);
      await new Promise((resolve) => parentPort.once('message', resolve));
      monkey.patchAll({ onBlock, longerThan: 0 });
      await work('worker thread');
      monkey.unpatchAll();
      parentPort.postMessage(found);
    }
  `;
  assert.deepEqual(await run('threads.mjs', code), [
    '',
    'fs.statSync in worker thread,(long step) in worker thread',
    'fs.statSync in main thread',
  ]);
});
