/**
 * Tests run against what is published (`heddle`), and tests of insides against the modules that are not bundled (`#src/…`). A test file that
 * loaded both would test two heddles, each with a state of its own.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const tests = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.js'));

/** The specifiers that a built file imports, also when a task of it runs. */
function importsOf(file: string): string[] {
  // Programs of tests stand in template strings; they run elsewhere.
  const text = readFileSync(file, 'utf8').replaceAll(/`[^`]*`/g, '``');
  const statements = text.matchAll(/^(?:import|export)\b[^'";`]*?(?:from )?['"]([^'"\n]+)['"];?$/gm);
  const calls = text.matchAll(/\bimport\('([^']+)'\)/g);
  return [...statements, ...calls].map((match) => match[1]!);
}

/** The heddles that a test file loads, itself or by its helpers, each with the file that names it. */
function heddlesOf(file: string, seen: Set<string> = new Set()): Map<'published' | 'inside', string> {
  const found = new Map<'published' | 'inside', string>();
  if (seen.has(file)) return found;
  seen.add(file);
  for (const specifier of importsOf(file)) {
    if (/^heddle($|\/)/.test(specifier)) found.set('published', file);
    else if (specifier.startsWith('#src/')) found.set('inside', file);
    else if (specifier.startsWith('.')) {
      const next = resolve(dirname(file), specifier);
      if (existsSync(next)) for (const [heddle, by] of heddlesOf(next, seen)) found.set(heddle, by);
    }
  }
  return found;
}

test('no test file loads both what is published and the unbundled modules', () => {
  const both = files.flatMap((file) => {
    const heddles = heddlesOf(tests + file);
    return heddles.size === 2
      ? [`${file}: ${[...heddles].map(([heddle, by]) => `${heddle} by ${by.slice(tests.length)}`).join(', ')}`]
      : [];
  });
  assert.deepEqual(both, []);
});

test('most test files run against what is published', () => {
  const counts = { published: 0, inside: 0 };
  for (const file of files) for (const heddle of heddlesOf(tests + file).keys()) counts[heddle] += 1;
  assert.ok(counts.published > counts.inside, JSON.stringify(counts));
});
