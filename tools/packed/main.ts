/**
 * `npm run test:packed`: what npm would publish, looked at from outside. The tarball is packed, judged by publint and attw,
 * installed into an empty folder, and used there: by a module, by `require()` and from the command line on every Node at
 * hand, by a TypeScript program in the oldest and the newest compilers, and by programs that a bundler has made.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lastLine, noCounts } from '../counts.ts';
import { majors, nodePath } from '../nodes/install.ts';
import { ROOT } from '../places.ts';
import { noCertificates, run } from '../process.ts';

const TARBALL = `${ROOT}build/packed/heddle.tgz`;
const BIN = `${ROOT}tools/node_modules/.bin/`;
const TIMEOUT = 180_000;
const sum = noCounts();

/** Runs one check; `says` is what its output must hold, `expected` its exit code. */
async function check(name: string, command: string, args: string[], cwd: string, says = '', expected = 0): Promise<boolean> {
  const env = { ...(command === 'npm' ? {} : noCertificates), NO_COLOR: '1', FORCE_COLOR: undefined };
  const { code, output } = await run(command, args, { cwd, timeout: TIMEOUT, env });
  const ok = code === expected && output.includes(says);
  sum[ok ? 'passed' : 'failed']++;
  console.log(ok ? `ok      ${name}` : `FAILED  ${name}: exit code ${code}, must print ${JSON.stringify(says)}\n${output}`);
  return ok;
}

/** In bytes. */
function isBelow(what: string, size: number, limit: number): void {
  const ok = size < limit;
  sum[ok ? 'passed' : 'failed']++;
  console.log(`${ok ? 'ok     ' : 'FAILED '} ${what} has ${(size / 1e6).toFixed(2)} MB, below ${limit / 1e6} MB`);
}

/** The same work in the three ways that a program may be written. */
const work = `
async function main() {
  const factor = 3;
  for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    const pool = new Executor({ maxWorkers: 1 });
    const results = [];
    for await (const result of pool.map((x) => x * factor, [1, 2, 3])) results.push(result);
    await pool.shutdown();
    console.log(results.join(' '));
  }
}
main();
`;
const SAYS = '3 6 9\n3 6 9\n';

const programs: Record<string, string> = {
  'package.json': '{ "name": "empty", "private": true }',
  'module.mjs': `import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';${work}`,
  'script.cjs': `const { ProcessPoolExecutor, ThreadPoolExecutor } = require('heddle');${work}`,
  'typed.mts': `import { ThreadPoolExecutor } from 'heddle';
export * as coroutine from 'heddle/coroutine';
export * as lowlevel from 'heddle/lowlevel';
export * as testing from 'heddle/testing';
export const lengths: AsyncIterable<number> = new ThreadPoolExecutor().map((word) => word.length, ['a', 'bb']);
// @ts-expect-error the function takes a string
new ThreadPoolExecutor().submit((word: string) => word.length, 1);
`,
  'lengths.mjs': 'export default (word) => word.length;',
  'double.mjs': 'export const double = (n) => 2 * n;',
  'bundled.mjs': `import { Lock, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
import { double } from './double.mjs';
async function main() {
  const lock = new Lock();
  for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    const pool = new Executor({ maxWorkers: 1 });
    const inside = () => lock.run(() => double(21));
    console.log(await pool.submit(inside), await pool.submit(double, 4));
    await pool.shutdown();
  }
}
main();
`,
};

/** Checks that each relative link of the installed Markdown files leads to an installed file. */
function checkLinks(installed: string): void {
  const documents = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  const broken = documents.flatMap((path) => {
    const links = readFileSync(join(installed, path), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g);
    return [...links].flatMap(([, link = '']) => (existsSync(join(installed, dirname(path), link)) ? [] : [`${path} -> ${link}`]));
  });
  const ok = broken.length === 0 && documents.length > 5;
  sum[ok ? 'passed' : 'failed']++;
  console.log(ok ? `ok      links of ${documents.length} documents` : `FAILED  links: ${broken.join(', ')}`);
}

/** The oldest compiler that reads the declarations, the last one in JavaScript, and the one that heddle is built with. */
const compilers = [
  `${ROOT}tools/node_modules/typescript-5.2`,
  `${ROOT}tools/node_modules/typescript-5.9`,
  `${ROOT}node_modules/typescript`,
];

async function checkTypes(folder: string): Promise<void> {
  for (const compiler of compilers) {
    const { version } = JSON.parse(readFileSync(`${compiler}/package.json`, 'utf8')) as { version: string };
    for (const target of ['es2020', 'es2022']) {
      const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', target, '--types', 'node'];
      const args = [`${compiler}/bin/tsc`, ...options, '--typeRoots', `${ROOT}node_modules/@types`, 'typed.mts'];
      await check(`a program for ${target} compiles with TypeScript ${version}`, process.execPath, args, folder);
    }
  }
}

async function checkBundlers(folder: string): Promise<void> {
  const bundle = `${ROOT}tools/packed/bundle.mjs`;
  for (const bundler of ['esbuild', 'rolldown', 'webpack']) {
    for (const [format, ending] of [
      ['esm', 'mjs'],
      ['cjs', 'cjs'],
    ] as const) {
      const what = `${bundler}, ${format}`;
      const made = await check(`${what}: heddle external`, process.execPath, [bundle, bundler, format, 'external'], folder);
      if (made)
        await check(`${what}: runs with heddle external`, process.execPath, [`${bundler}-external.${ending}`], folder, '42 8\n42 8\n');
      const whole = await check(`${what}: heddle inside`, process.execPath, [bundle, bundler, format, 'inside'], folder);
      if (whole)
        await check(
          `${what}: says to keep heddle external`,
          process.execPath,
          [`${bundler}-inside.${ending}`],
          folder,
          'keep it external',
          1,
        );
    }
  }
}

mkdirSync(join(TARBALL, '..'), { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'heddle-packed-'));
try {
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: ROOT, timeout: TIMEOUT });
  const [{ filename, size, unpackedSize }] = JSON.parse(packed.stdout) as [{ filename: string; size: number; unpackedSize: number }];
  renameSync(join(folder, filename), TARBALL);
  isBelow('the tarball', size, 1.5e6);
  isBelow('the installed package', unpackedSize, 6e6);
  await check('publint', `${BIN}publint`, ['--strict', TARBALL], ROOT);
  await check('attw', `${BIN}attw`, [TARBALL, '--profile', 'esm-only', '--no-emoji'], ROOT);
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
  if (await check('npm install of the tarball', 'npm', ['install', '--no-audit', '--no-fund', TARBALL], folder)) {
    checkLinks(`${folder}/node_modules/heddle`);
    await checkTypes(folder);
    await checkBundlers(folder);
    const nodes = [['20', process.execPath], ...majors.map((major) => [major, nodePath(major)])] as [string, string][];
    for (const [major, node] of nodes) {
      if (!existsSync(node)) {
        sum.skipped++;
        console.log(`skipped: packed on Node ${major}: it is not here (npm run nodes)`);
        continue;
      }
      await check(`import on Node ${major}`, node, ['module.mjs'], folder, SAYS);
      await check(`require on Node ${major}`, node, ['script.cjs'], folder, SAYS);
      await check(`heddle map on Node ${major}`, node, ['node_modules/.bin/heddle', 'map', './lengths.mjs', 'a', 'bb'], folder, '1\n2\n');
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
