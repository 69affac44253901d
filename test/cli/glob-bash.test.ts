/** Patterns find what bash finds: random ones, and those that were got wrong, in a small tree of files with awkward names. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import fc from 'fast-check';
import { expandBraces } from '#src/cli/items/braces.js';
import { globItems } from '#src/cli/items/glob.js';

const runs = process.env['HEDDLE_LONG'] === '1' ? 20_000 : 600;
const seed = process.env['HEDDLE_LONG'] === '1' ? Date.now() : 20_811;

const files = [
  'a b',
  ...words(
    `a b c z A Z 1 2 3 01 02 10 é - ] [ { } ! ^ , ab abc a-b a]b a[b [a] [a a] {a} {a a} a,b {a,b} a{b,c} a..c {a..c} !a a! ^a a^b -a`,
  ),
  ...words(String.raw`a&b n~x a"b a'b a$b a(b) a|b a;b a#b a\b \ a=b .a .b .[a]`),
  ...words('d/a d/b d/ab d/.a d/e/a d/e/b d/.h/a e/a {d/a d}/b e/d/e/c [d/a d]/a'),
];

function words(text: string): string[] {
  return text.split(' ');
}

const root = mkdtempSync(join(tmpdir(), 'glob-bash-'));
after(() => rmSync(root, { recursive: true }));
for (const file of files) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), '');
}

const options =
  'export LC_ALL=C.UTF-8; (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 502 )) || exit 9; shopt -u extglob; shopt -s globstar nullglob';
const bash = spawnSync('bash', ['-c', `${options}; for f in [[:alpha:]]; do [ "$f" = é ] && exit 7; done`], { cwd: root }).status === 7;
const skip = bash ? false : 'needs bash 5.2 and the locale C.UTF-8';

/** The files that bash finds for each pattern: written into a script, where braces count, or in a variable, where all characters may be. */
function bashFinds(patterns: readonly string[], way: 'script' | 'variable'): string[][] {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const place = (pattern: string): string => (way === 'script' ? pattern : `$p`);
  const body = patterns.map(
    (pattern) => `p=${quoted(pattern)}; for f in ${place(pattern)}; do [ -f "$f" ] && printf '%s\\0' "$f"; done; printf '\\n\\0'`,
  );
  const { stdout, stderr, status } = spawnSync('bash', ['-s'], {
    cwd: root,
    input: `${options}; IFS=\n${body.join('\n')}\nexit 0\n`,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout
    .split('\n\0')
    .slice(0, -1)
    .map((found) => normal(found.split('\0').slice(0, -1)));
}

/** Each once, in one order, and with one slash where bash keeps two. */
function normal(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.replaceAll(/\/+/g, '/')))].sort();
}

async function heddleFinds(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { value } of globItems(pattern, root)) found.push(value as string);
  return normal(found);
}

async function compare(patterns: readonly string[], way: 'script' | 'variable'): Promise<number> {
  const accepted: string[] = [];
  const found: string[][] = [];
  for (const pattern of patterns) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      found.push(await heddleFinds(pattern));
      accepted.push(pattern);
    } catch (error) {
      // Ranges that go down: bash finds nothing by them.
      assert.match((error as Error).message, /^expected a range to go up, got /);
    }
  }
  const expected = bashFinds(accepted, way);
  for (const [i, pattern] of accepted.entries()) assert.deepEqual(found[i], expected[i], `${way}: ${pattern}`);
  return expected.filter((one) => one.length > 0).length;
}

const joined = (pieces: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.array(pieces, { minLength: 1, maxLength }).map((all) => all.join(''));

/** Bounded by the tree; and without two slashes, which bash reads now as one and now as two. */
const isComparable = (pattern: string): boolean => !expandBraces(pattern).some((one) => /^\/|\/\//.test(one));

const pieces = {
  script: words(
    String.raw`a b c d e 1 * ? ** / **/ [ ] { } , .. - ! ^ . [a] [!a] [a-c] [] [^ {a,b} {1..3} {01..3} {c..a} {a,{b,c}} {d,e}/ \[ \] \{ \} \, ` +
      String.raw`[\]] [[:alpha:]] [![:digit:]] {}`,
  ),
  variable: [
    ' ',
    '[( )]',
    ...words(`a b x * ? / [ ] - ! ^ . & ~ " ' $ ( ) | ; # = { } , é [&] [~] [a&&b] [a--b] ["] [$] [|] []] [!]] []a-] [[] [.a.] [é]`),
  ],
};

const inScript = joined(fc.constantFrom(...pieces.script), 7).filter(isComparable);
/** There braces mean nothing. */
const inVariable = joined(fc.constantFrom(...pieces.variable), 6).filter(
  (pattern) => isComparable(pattern) && expandBraces(pattern)[0] === pattern,
);

test('random patterns find what bash finds, in a script', { skip }, async () => {
  const patterns = fc.sample(inScript, { seed, numRuns: runs });
  assert.ok((await compare(patterns, 'script')) > runs / 10);
});

test('random patterns find what bash finds, in a variable', { skip }, async () => {
  const patterns = fc.sample(inVariable, { seed, numRuns: runs });
  assert.ok((await compare(patterns, 'variable')) > runs / 20);
});

test('braces of all kinds find what bash finds', { skip }, async () => {
  await compare(['{a,b', 'a}', '{{a,b}', '{a,b}}', '{a,{b,c}', '{a}{b,c}', '{{a,b}}', '{a},b}', 'a{,b}', '{,a}b', '{}', 'a{}b'], 'script');
  await compare(['{1..3}', '{3..1}', '{01..3}', '{1..10..9}', '{a..c}', '{c..a..2}', '{-1..1}', '{1..a}', '{a..}', '{..a}'], 'script');
  await compare(['{Z..a}', '{a..c},b', '{{1..3},a}', '{1..{2,3}}', '{a..c', String.raw`\{a,b}`, String.raw`{a\,b,c}`, '[{a,b}]'], 'script');
  await compare(
    [
      '{{a,b},{1..2}}',
      '{a,b}{,b}',
      'x{a,b',
      '{d,e}/{a,e/a}',
      '{d/,}a',
      '{a,b}{',
      '{a,b}{c',
      '{1..3}{',
      '{a..b}}',
      '{},a}b',
      String.raw`{}\,b,c}d`,
      '{},b}{c,d}',
    ],
    'script',
  );
});

test('sets of all kinds find what bash finds', { skip }, async () => {
  await compare(
    [
      'a[&]b',
      'n[~]x',
      String.raw`[\]]`,
      String.raw`[\\]`,
      '[]]',
      '[!]]',
      '[]-]',
      '[a',
      'a[',
      '[]',
      '[!]',
      '[[]',
      '[[a]',
      '[[:]',
      '[a[:.]',
      '[[:b]',
    ],
    'variable',
  );
  await compare(
    ['[a-]', '[-a]', '[!-]', '[a-c-z]', '[[:digit:]]*', '[[:upper:]]', '[^[:alpha:]]', '[[:nothing:]a]', '[[=a=]b]'],
    'variable',
  );
  await compare(
    [
      '[[.a.]-c]',
      '[[.-.]]',
      String.raw`[a\-z]`,
      '[.]a',
      '[!b]a',
      'd[/]a',
      '[d/a',
      '*[',
      String.raw`a[\\]b`,
      'a[[.b]',
      'a[[:b]',
      'a[[..]b]',
    ],
    'variable',
  );
});
