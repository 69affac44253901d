import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Files of the optional packages, and of heddle's own for several machines, that a program opens. */
function loadedBy(program: string, env: NodeJS.ProcessEnv = {}): string[] {
  // Node names each module that it resolves.
  const hooks = `
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      process._rawDebug('loads ' + found.url);
      return found;
    }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(register)}`, '--input-type=module', '-e', program];
  const { stderr, status } = spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /loads .*\/dist\/index\.js/);
  return [...stderr.matchAll(/loads (.*)/g)]
    .map((match) => match[1]!)
    .filter((url) => /\/(?:bullmq|ioredis)\/|\/dist\/distributed/.test(url));
}

test('a program of one machine loads nothing of what is for several', () => {
  const program = `
    import { Lock, Pool } from 'heddle';
    const pool = new Pool(1);
    await pool.apply(Math.max, [1, 2]);
    await new Lock().run(() => {});
    await pool.terminate();`;
  assert.deepEqual(loadedBy(program, { HEDDLE_BACKEND: '' }), []);
});

test('a program of several machines loads the packages when it first needs them', () => {
  const entry = loadedBy(`import 'heddle'; import 'heddle/distributed';`);
  assert.ok(entry.some((url) => url.includes('/dist/distributed/index.js')));
  assert.deepEqual(
    entry.filter((url) => !url.includes('/dist/')),
    [],
  );
});
