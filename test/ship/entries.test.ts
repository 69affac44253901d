/**
 * Main programs other than files, and Nodes with an unusual setup: `node -e`, stdin, the REPL, the permission model, an inspector in use,
 * coverage.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { report, runNode as start, type Run, type Start } from './run-program.ts';
import { prepare, root } from './variants.ts';

const { place } = prepare('entries', ['plain-mjs', 'plain-cjs']);
const runNode = (args: string[], options: Omit<Start, 'cwd'> = {}): Promise<Run> => start(args, { cwd: place, ...options });
const mjs = (name: string): string => path.join(place, 'plain-mjs', `${name}.mjs`);
const cjs = (name: string): string => path.join(place, 'plain-cjs', `${name}.cjs`);

/** Functions at the top of a script, closures, a class, a built-in module, an error. Prints `RESULT` and the answers. */
const program = (head: string): string => `
${head}
const factor = 3;
let rate = 2;
var old = 4;
function times(x) { return x * factor + helper(x); }
const helper = (x) => x * rate;
class Point { constructor(x) { this.x = x; } double() { return this.x * 2; } }
async function main() {
  const pool = new Executor({ maxWorkers: 1 });
  const local = new Map([['a', 1]]);
  const made = await pool.submit((x) => new Point(x + local.get('a') + old), 1);
  const error = await pool.submit(function boom() { throw new RangeError('boom'); }).catch((e) => e);
  const answers = [
    await pool.submit(times, 2),
    made instanceof Point && made.double(),
    await pool.submit(() => os.EOL === '\\n'),
    await pool.submit(async () => (await import('node:path')).basename('/a/b')),
    await pool.submit((depth) => typeof depth, 1),
    error instanceof RangeError && /boom/.test(error.stack),
  ];
  const promise = Promise.resolve();
  const worker = () => promise;
  const refusal = await pool.submit(worker).catch((e) => e.message);
  await pool.shutdown();
  console.log('RESULT ' + JSON.stringify(answers) + ' ' + refusal);
}
main();
`;
const ANSWERS = 'RESULT [10,12,true,"b","number",true] worker → promise: a Promise cannot cross: await it first, and hand over its result';

const required = (name: string): string => `const { ${name}: Executor } = require('heddle'); const os = require('node:os');`;
const imported = (name: string): string => `import { ${name} as Executor } from 'heddle'; import os from 'node:os';`;

function answered(run: Run): void {
  const all = `${run.stdout}\n${run.stderr}`;
  assert.ok(run.stdout.split('\n').includes(ANSWERS), all);
  assert.deepEqual([run.code, run.signal], [0, null], all);
}

const kinds = [
  ['thread', 'ThreadPoolExecutor'],
  ['process', 'ProcessPoolExecutor'],
] as const;

describe('programs that are no file', { concurrency: 2 }, () => {
  for (const [kind, name] of kinds) {
    test(`node -e to a ${kind}`, async () => answered(await runNode(['-e', program(required(name))])));
    test(`node --input-type=module -e to a ${kind}`, async () =>
      answered(await runNode(['--input-type=module', '-e', program(imported(name))])));
    test(`node -p to a ${kind}`, async () => {
      const run = await runNode(['-p', program(required(name))]);
      assert.ok(run.stdout.includes(ANSWERS), run.stdout + run.stderr);
    });
    test(`a CommonJS program from stdin to a ${kind}`, async () => answered(await runNode(['-'], { input: program(required(name)) })));
    test(`a module from stdin to a ${kind}`, async () =>
      answered(await runNode(['--input-type=module'], { input: program(imported(name)) })));
    test(`the REPL to a ${kind}`, async () => {
      const lines = [
        `const { ${name} } = require('heddle');`,
        `const pool = new ${name}({ maxWorkers: 1 });`,
        'const factor = 3;',
        'let rate = 2;',
        'function times(x) { return x * factor * rate; }',
        'class Point { constructor(x) { this.x = x; } }',
        `const show = (name) => (value) => console.log(name, value);`,
        `const first = pool.submit(times, 2).then(show('FIRST'));`,
        'rate = 10;',
        `const second = pool.submit((x) => times(x), 2).then(show('SECOND'));`,
        `const third = pool.submit(() => new Point(7)).then((point) => show('THIRD')(point instanceof Point));`,
        `const fourth = pool.submit(async () => (await fs.promises.readFile(__filename)).length).catch((e) => show('FOURTH')(e.name));`,
        `void Promise.allSettled([first, second, third, fourth]).then(() => pool.shutdown()).then(() => console.log('EN' + 'D'));`,
      ];
      const run = await runNode(['-i'], { input: `${lines.join('\n')}\n`, until: 'END' });
      for (const wanted of ['FIRST 12', 'SECOND 60', 'THIRD true', 'FOURTH ReferenceError', 'END'])
        assert.ok(run.stdout.includes(wanted), `${wanted} is missing in\n${run.stdout}\n${run.stderr}`);
    });
  }
});

describe('a Node that is set up in another way', { concurrency: 2 }, () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const allow = [permission, '--allow-fs-read=*', '--allow-worker', '--allow-child-process'];
  for (const [kind] of kinds) {
    const env = { SHIP_KIND: kind, SHIP_INSIDE: path.join(root, 'build/src') };
    test(`exported functions go to a ${kind} where the permission model forbids the inspector`, async (t) => {
      await report(t, await runNode([...allow, mjs('exported-only')], { env }));
    });
    test(`exported functions of CommonJS go to a ${kind} where the permission model forbids the inspector`, async (t) => {
      await report(t, await runNode([...allow, cjs('exported-only')], { env }));
    });
    test(`closures go to a ${kind} while a debugger listens`, async (t) => {
      const run = await runNode(['--inspect=127.0.0.1:0', mjs('closures')], { env });
      await report(t, { ...run, stderr: run.stderr.replace(/^(Debugger|For help|Warning: This is).*\n/gm, '') });
    });
    test(`functions go to a ${kind} while Node counts coverage`, async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'heddle-ship-'));
      try {
        await report(t, await runNode([mjs('top')], { env: { ...env, NODE_V8_COVERAGE: folder } }));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
    test(`stacks are right with --enable-source-maps, to a ${kind}`, async (t) => {
      const originals = { SHIP_ORIGINALS: path.join(place, 'plain-mjs'), SHIP_ORIGINALS_ENDING: '.mjs' };
      await report(t, await runNode(['--enable-source-maps', mjs('stacks')], { env: { ...env, ...originals } }));
    });
    test(`functions go to a ${kind} where Node deletes __proto__ and has a small stack`, async (t) => {
      await report(t, await runNode(['--disable-proto=delete', '--stack-size=800', mjs('shapes')], { env }));
    });
  }
});
