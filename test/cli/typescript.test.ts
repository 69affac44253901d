/** TypeScript modules on every Node, with and without tsx. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fixtures, heddle, kinds, root } from './heddle.ts';

const readsTypes = typeof (process.features as { typescript?: unknown }).typescript === 'string';

/** heddle as it is installed in a project that has no tsx. */
const home = mkdtempSync(join(tmpdir(), 'no-tsx-'));
after(() => rmSync(home, { recursive: true }));
const installed = join(home, 'node_modules/heddle');
mkdirSync(installed, { recursive: true });
for (const each of ['dist', 'package.json']) cpSync(join(root, each), join(installed, each), { recursive: true });
cpSync(join(root, 'node_modules/acorn'), join(home, 'node_modules/acorn'), { recursive: true });
cpSync(fixtures, join(home, 'jobs'), { recursive: true });
const bare = { cwd: home, main: join(installed, 'dist/cli/main.js') };

for (const kind of kinds) {
  test(`a TypeScript module runs with ${kind}`, async () => {
    const ended = await heddle(['map', `${fixtures}job.ts#greet`, kind, 'you']);
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '{"name":"you!"}\n', stderr: '' });
  });

  test(`an import of ./x.js that means ./x.ts is found with ${kind}`, async () => {
    const ended = await heddle(['map', `${fixtures}old-style.ts#greet`, kind, 'a']);
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '"a!"\n', stderr: '' });
  });

  test(`TypeScript that is more than types runs with ${kind}`, async () => {
    const ended = await heddle(['map', `${fixtures}enums.mts#color`, kind, 'a']);
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '"a RED"\n', stderr: '' });
  });
}

test('without tsx a TypeScript module runs or says what is missing', async () => {
  const ended = await heddle(['map', './jobs/job.ts#greet', 'you'], bare);
  if (readsTypes) {
    assert.deepEqual([ended.code, ended.stdout], [0, '{"name":"you!"}\n']);
  } else {
    assert.deepEqual([ended.code, ended.stdout], [2, '']);
    assert.match(
      ended.stderr,
      /jobs\/job\.ts is TypeScript, which Node \S+ cannot read: install tsx in this project \(npm install --save-dev tsx\), or use Node 22\.18/,
    );
  }
});

test('without tsx an enum is explained', async () => {
  const { code, stderr } = await heddle(['map', './jobs/enums.mts#color', 'a'], bare);
  assert.equal(code, 2);
  assert.match(stderr, /install tsx in this project \(npm install --save-dev tsx\)/);
});
