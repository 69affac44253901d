/** Checks of what is published: its size, what is loaded of it and when, and that it is the heddle of the modules it was made from. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = join(root, 'dist');
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
const scripts = files.filter((file) => file.endsWith('.js'));

/** Runs a module in a Node of its own and gives what it printed as JSON. */
function run(code: string, ...flags: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return JSON.parse(stdout);
}

test('what is published is some 20 to 56 scripts below 1.75 MB, each with its map', () => {
  assert.ok(scripts.length >= 20 && scripts.length <= 56, `${scripts.length} scripts`);
  const bytes = scripts.reduce((sum, file) => sum + statSync(join(dist, file)).size, 0);
  assert.ok(bytes < 1_750_000, `${bytes} bytes`);
  for (const file of scripts) {
    const isMapped = readFileSync(join(dist, file), 'utf8').includes('//# sourceMappingURL=');
    assert.equal(isMapped, files.includes(`${file}.map`), file);
  }
});

/** The files of `src/` that are loaded with a script, by static imports. */
function loadedWith(script: string, seen: Set<string> = new Set()): string[] {
  if (seen.has(script)) return [];
  seen.add(script);
  const imports = readFileSync(join(dist, script), 'utf8').matchAll(/^(?:import|export)[^\n]*?"(\.[^"]+)";$/gm);
  // A script without a map is the bundler's own.
  const map = files.includes(`${script}.map`) ? readFileSync(join(dist, `${script}.map`), 'utf8') : '{"sources":[]}';
  const own = (JSON.parse(map) as { sources: string[] }).sources.map((source) => source.replace(/^.*\bsrc\//, ''));
  return own.concat(...Array.from(imports, ([, path]) => loadedWith(join(dirname(script), path!), seen)));
}

test('the workers of pools start without the code of native calls, of shared objects, and of pools', () => {
  for (const script of ['worker/thread-main.js', 'worker/process-main.js']) {
    const sources = loadedWith(script);
    assert.ok(sources.includes('worker/inside/runner.ts'), script);
    assert.deepEqual(
      sources.filter((source) => /^(?:platform|memory|sync|pool|process|thread)\//.test(source)),
      [],
      script,
    );
  }
});

test('every source map names sources below src/', () => {
  for (const file of files.filter((name) => name.endsWith('.map'))) {
    const { sources } = JSON.parse(readFileSync(join(dist, file), 'utf8')) as { sources: string[] };
    for (const source of sources.filter((name) => !name.includes('rolldown')))
      assert.ok(join(dist, file, '..', source).startsWith(join(root, 'src/')), `${file}: ${source}`);
  }
});

test('every entry point exports the same names, with the same names of functions, as the modules it was made from', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, object | string> };
  const entries = Object.entries(exports).flatMap(([path, target]) => (typeof target === 'string' ? [] : [path.slice(2)]));
  const names = (specifiers: readonly string[]): unknown =>
    run(`const found = [];
      for (const specifier of ${JSON.stringify(specifiers)})
        for (const [name, value] of Object.entries(await import(specifier)))
          found.push([name, typeof value === 'function' ? value.name : typeof value]);
      console.log(JSON.stringify(found));`);
  const published = names(entries.map((entry) => (entry === '' ? 'heddle' : `heddle/${entry}`)));
  const unbundled = names(entries.map((entry) => (entry === '' ? '#src/index.js' : `#src/${entry}/index.js`)));
  assert.ok((published as unknown[]).length > 100);
  assert.deepEqual(published, unbundled);
});

test('an import of heddle loads no acorn, no koffi, no crypto and no inspector; the first function loads acorn', () => {
  const seen = run(`
    import { createRequire } from 'node:module';
    import { readFileSync } from 'node:fs';
    const { cache } = createRequire(import.meta.url);
    const loaded = () => [
      Object.keys(cache).some((file) => file.includes('/acorn/')),
      readFileSync('/proc/self/maps', 'utf8').includes('koffi'),
      process.moduleLoadList.includes('NativeModule crypto'),
      process.moduleLoadList.includes('NativeModule inspector'),
    ];
    const { ThreadPoolExecutor } = await import('heddle');
    const before = loaded();
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const three = 3;
    const result = await pool.submit(() => three);
    await pool.shutdown();
    console.log(JSON.stringify({ before, result, after: loaded() }));`);
  assert.deepEqual(seen, { before: [false, false, false, false], result: 3, after: [true, false, false, true] });
});

/** The scripts of heddle that a worker has loaded, by what their names begin with. */
async function loadedScripts(): Promise<string[]> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  const urls: string[] = [];
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
  session.post('Debugger.enable');
  session.disconnect();
  return urls.flatMap((url) => /\/dist\/(.*?)(?:-[\w-]{8})?\.js$/.exec(url)?.[1] ?? []).toSorted();
}

for (const [kind, Executor] of [
  ['thread', ThreadPoolExecutor],
  ['process', ProcessPoolExecutor],
] as const) {
  test(`a ${kind} loads its own side only, and the serializing half with the first function that it sends`, async () => {
    await using pool = new Executor({ maxWorkers: 1 });
    const own = await pool.submit(loadedScripts);
    assert.deepEqual(
      own.filter((name) => /^(index|pool|shared|serialize|codec\/function\/serialize|coroutine.*|cli.*)$/.test(name)),
      [],
    );
    assert.ok(own.length <= 6, own.join(' '));
    const answer = await pool.submit(() => (n: number) => n + 1);
    assert.equal(answer(1), 2);
    assert.ok((await pool.submit(loadedScripts)).includes('serialize'));
  });
}

test('no stack of an error that comes home has a frame of heddle: not its cause, not those it gathers, not a result', async () => {
  const seen = run(`
    import { ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';
    import { spawn, toThread } from 'heddle/coroutine';
    const fails = async () => {
      await Promise.resolve();
      const inner = new RangeError('inner');
      throw new TypeError('outer', { cause: new AggregateError([inner], 'many') });
    };
    const stacks = [];
    const add = (error) => {
      stacks.push(error.stack);
      if (error.cause) add(error.cause);
      for (const one of error.errors ?? []) add(one);
    };
    for (const Executor of [ThreadPoolExecutor, ProcessPoolExecutor]) {
      const pool = new Executor({ maxWorkers: 1 });
      await pool.submit(fails).catch(add);
      add(await pool.submit(() => new RangeError('a result')));
      for await (const item of pool.stream(function* () { yield new RangeError('an item'); })) add(item);
      await pool.map((n) => n, (function* () { throw new RangeError('a source'); })()).next().catch(add);
      await pool.shutdown();
    }
    await spawn(function* () { try { yield* toThread(fails); } catch (error) { add(error); } });
    await spawn(async () => await toThread(fails).catch(add));
    console.log(JSON.stringify(stacks));
    process.exit();`) as string[];
  assert.equal(seen.length, 2 * (3 + 1 + 1 + 1) + 2 * 3);
  for (const stack of seen) assert.doesNotMatch(stack, /\/(dist|src)\//);
  assert.match(seen[0]!, /^TypeError: outer\n {4}at fails .*\n {2}submitted from:\n {4}at .*\[eval1\]/);
});

test('a blocking call that is itself the function of a greenlet is found', () => {
  const seen = run(`
    import { existsSync } from 'node:fs';
    import { monkey, spawn } from 'heddle/coroutine';
    monkey.patchAll({ onBlock: 'throw' });
    const g = spawn(existsSync, '/tmp');
    const message = await g.get().then(String, (error) => error.message);
    monkey.unpatchAll();
    console.log(JSON.stringify(message));`) as string;
  assert.match(seen, /^fs\.existsSync in Greenlet-1 would keep this thread/);
});

test('a worker without require() of ES modules sends functions', {
  skip: process.features.require_module ? false : 'no require(esm)',
}, () => {
  const code = `
    import { ThreadPoolExecutor } from 'heddle';
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const double = await pool.submit(() => (n) => n * 2);
    await pool.shutdown();
    console.log(double(21));`;
  assert.equal(run(code, '--no-experimental-require-module'), 42);
});

test('an inline closure is sent from a working folder that was removed', () => {
  const seen = run(`
    import { mkdtempSync, rmdirSync } from 'node:fs';
    import { ThreadPoolExecutor } from 'heddle';
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await pool.submit((n) => n, 1);
    const folder = mkdtempSync('/tmp/heddle-removed-');
    process.chdir(folder);
    rmdirSync(folder);
    console.log(await pool.submit((n) => n * 2, 21));
    await pool.shutdown();`);
  assert.equal(seen, 42);
});

test('the published package runs under --conditions=model', () => {
  const seen = run(
    `import { Lock } from 'heddle';
     const lock = new Lock();
     console.log(JSON.stringify([lock.tryAcquire(), lock.tryAcquire(), import.meta.resolve('#atomics').split('/').at(-1)]));`,
    '--conditions=model',
  );
  assert.deepEqual(seen, [true, false, 'atomics-model.js']);
});
