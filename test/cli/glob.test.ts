/** Which files a pattern finds, in a small tree made for it. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { globInput, globItems } from '#src/cli/items/glob.js';
import { expandBraces } from '#src/cli/items/braces.js';

const root = mkdtempSync(join(tmpdir(), 'glob-'));
after(() => rmSync(root, { recursive: true }));

for (const file of [
  'a.ts',
  'b.ts',
  'b.js',
  '.hidden',
  'é.ts',
  'x[1].ts',
  'src/a.ts',
  'src/lib/a.ts',
  'src/lib/deep/c.ts',
  'src/.git/a.ts',
  'other/a.md',
  'a+b(c).ts',
  'a&b',
  'n~x',
]) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), '');
}
symlinkSync('..', join(root, 'src/up'));
symlinkSync('a.ts', join(root, 'link.ts'));
symlinkSync('nowhere', join(root, 'dead.ts'));

async function find(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { value, broken } of globItems(pattern, root))
    found.push(broken === undefined ? String(value) : `${String(value)}: ${broken}`);
  return found;
}

test('a pattern finds the right files', async () => {
  assert.deepEqual(await find('*.ts'), ['a+b(c).ts', 'a.ts', 'b.ts', 'link.ts', 'x[1].ts', 'é.ts']);
  assert.deepEqual(await find('?.ts'), ['a.ts', 'b.ts', 'é.ts']);
  assert.deepEqual(await find('[ab].ts'), ['a.ts', 'b.ts']);
  assert.deepEqual(await find('[!a].ts'), ['b.ts', 'é.ts']);
  assert.deepEqual(await find('[a-a].[tj]s'), ['a.ts']);
  assert.deepEqual(await find('b.{js,ts}'), ['b.js', 'b.ts']);
  assert.deepEqual(await find(String.raw`x\[1\].ts`), ['x[1].ts']);
  assert.deepEqual(await find('a+b(c).t*'), ['a+b(c).ts']);
  assert.deepEqual(await find('a.ts'), ['a.ts']);
  assert.deepEqual(await find('nothing.ts'), []);
  assert.deepEqual(await find('a.ts/b'), []);
  assert.deepEqual(await find('src'), []);
});

test('folders are entered exactly where they should be', async () => {
  assert.deepEqual(await find('**/a.ts'), ['a.ts', 'src/a.ts', 'src/lib/a.ts']);
  assert.deepEqual(await find('src/**'), ['src/a.ts', 'src/lib/a.ts', 'src/lib/deep/c.ts']);
  assert.deepEqual(await find('src/**/*.ts'), ['src/a.ts', 'src/lib/a.ts', 'src/lib/deep/c.ts']);
  assert.deepEqual(await find('*/a.*'), ['other/a.md', 'src/a.ts']);
  assert.deepEqual(await find('./src/*.ts'), ['./src/a.ts']);
  assert.deepEqual(await find('src/../a.ts'), ['src/../a.ts']);
  assert.deepEqual(await find(`${root}/src/*.ts`), [`${root}/src/a.ts`]);
});

test('hidden files come exactly when they are asked for', async () => {
  assert.deepEqual(await find('.*'), ['.hidden']);
  assert.deepEqual(await find('src/.git/*'), ['src/.git/a.ts']);
  assert.ok(!(await find('**')).some((path) => path.includes('/.') || path.startsWith('.')));
});

test('a file is found once', async () => {
  assert.deepEqual(await find('{a,b}.{ts,js}'), ['a.ts', 'b.js', 'b.ts']);
  assert.deepEqual(await find('{a,*}.js'), ['b.js']);
  assert.deepEqual(await find('**/lib/**/a.ts'), ['src/lib/a.ts']);
  assert.deepEqual(await find('**/**/a.ts'), ['a.ts', 'src/a.ts', 'src/lib/a.ts']);
  assert.deepEqual(await find('src/{**,lib}/a.ts'), ['src/a.ts', 'src/lib/a.ts']);
});

test('a link to a folder above is not walked in circles, and can be named', async () => {
  assert.ok(!(await find('**/*.ts')).some((path) => path.includes('up/')));
  assert.deepEqual(await find('src/up/b.js'), ['src/up/b.js']);
  assert.deepEqual(await find('src/*/b.js'), ['src/up/b.js']);
});

test('a folder that cannot be read is reported', {
  skip: process.getuid?.() === 0 ? 'root may read everything' : false,
}, async () => {
  chmodSync(join(root, 'other'), 0);
  try {
    assert.deepEqual(await find('other/*'), ['other/: cannot look into it: permission denied']);
  } finally {
    chmodSync(join(root, 'other'), 0o755);
  }
});

test('braces are taken apart as bash does', () => {
  assert.deepEqual(expandBraces('a{b,c{d,e}f,}g'), ['abg', 'acdfg', 'acefg', 'ag']);
  assert.deepEqual(expandBraces('{a}{b,c}'), ['{a}b', '{a}c']);
  assert.deepEqual(expandBraces(String.raw`\{a,b}`), [String.raw`\{a,b}`]);
  assert.deepEqual(expandBraces('{a,b'), ['{a,b']);
  assert.deepEqual(expandBraces('{{a,b}'), ['{a', '{b']);
  assert.deepEqual(expandBraces('{{a,b}}'), ['{a}', '{b}']);
  assert.deepEqual(expandBraces('{01..10..4}{c..a}'), ['01c', '01b', '01a', '05c', '05b', '05a', '09c', '09b', '09a']);
});

test('a set is read as bash reads it', async () => {
  assert.deepEqual(await find('a[&]b'), ['a&b']);
  assert.deepEqual(await find('n[~]x'), ['n~x']);
  assert.deepEqual(await find(String.raw`x\[1[\]].ts`), ['x[1].ts']);
  assert.deepEqual(await find('x[[]1[]].ts'), ['x[1].ts']);
  assert.deepEqual(await find('x[1*'), ['x[1].ts']);
  assert.deepEqual(await find('[[:lower:]].ts'), ['a.ts', 'b.ts', 'é.ts']);
  assert.deepEqual(await find('a.ts/'), []);
});

test('a meaningless pattern is refused at once: a range that goes down, an endless sequence', () => {
  for (const [pattern, message] of [
    ['[z-a].ts', 'expected a range to go up, got z-a in [z-a]'],
    ['src/[!b-a0-9]', 'expected a range to go up, got b-a in [!b-a0-9]'],
    ['{a,[9-0]}', 'expected a range to go up, got 9-0 in [9-0]'],
    ['{1..1000000000}', 'expected a sequence of at most 100000 members, got {1..1000000000}'],
  ] as const) {
    assert.throws(() => globItems(pattern, root), { name: 'UsageError', message });
    assert.throws(() => globInput(pattern), { name: 'UsageError', message });
  }
  // An open bracket without its end is not a set.
  assert.doesNotThrow(() => globItems('[z-a', root));
});
