/**
 * `npm run test:packed`: what npm would publish, looked at from outside. The tarball is packed, judged by publint and attw,
 * installed into an empty folder, and used there by a module, by `require()`, by a TypeScript program and from the
 * command line, on every Node at hand.
 */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, noCounts } from '../counts.ts';
import { majors, nodePath } from '../nodes/install.ts';
import { ROOT } from '../places.ts';
import { noCertificates, run } from '../process.ts';

const TARBALL = `${ROOT}build/packed/heddle.tgz`;
const BIN = `${ROOT}tools/node_modules/.bin/`;
const TIMEOUT = 180_000;
const sum = noCounts();

/** Runs one check; `says` is what its output must hold. */
async function check(name: string, command: string, args: string[], cwd: string, says = ''): Promise<boolean> {
  const env = { ...(command === 'npm' ? {} : noCertificates), NO_COLOR: '1', FORCE_COLOR: undefined };
  const { code, output } = await run(command, args, { cwd, timeout: TIMEOUT, env });
  const ok = code === 0 && output.includes(says);
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
export const lengths: AsyncIterable<number> = new ThreadPoolExecutor().map((word) => word.length, ['a', 'bb']);
// @ts-expect-error the function takes a string
new ThreadPoolExecutor().submit((word: string) => word.length, 1);
`,
  'lengths.mjs': 'export default (word) => word.length;',
};

mkdirSync(join(TARBALL, '..'), { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'heddle-packed-'));
try {
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: ROOT, timeout: TIMEOUT });
  const [{ filename, size, unpackedSize }] = JSON.parse(packed.stdout) as [{ filename: string; size: number; unpackedSize: number }];
  renameSync(join(folder, filename), TARBALL);
  isBelow('the tarball', size, 1e6);
  isBelow('the installed package', unpackedSize, 4e6);
  await check('publint', `${BIN}publint`, ['--strict', TARBALL], ROOT);
  await check('attw', `${BIN}attw`, [TARBALL, '--profile', 'esm-only', '--no-emoji'], ROOT);
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
  if (await check('npm install of the tarball', 'npm', ['install', '--no-audit', '--no-fund', TARBALL], folder)) {
    const compile = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--typeRoots',
      `${ROOT}node_modules/@types`,
      'typed.mts',
    ];
    await check('a TypeScript program compiles', `${ROOT}node_modules/.bin/tsc`, compile, folder);
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
