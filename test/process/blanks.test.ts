/** Blank processes and what may happen to them before they are used. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../pool/collect.ts';
import { needsScript, onTerminal } from '../progress/screen.ts';
import { childrenOf } from './blanks.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-blanks-'));
test.after(() => rmSync(folder, { recursive: true }));
const options = { skip: process.platform !== 'linux' && 'reads /proc' };
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A file of the folder. */
function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Imports of every program here, and what waits for blank processes of its own. */
const ground = `
  import { getContext } from ${JSON.stringify(import.meta.resolve('heddle'))};
  import { childrenOf, readyOf } from ${JSON.stringify(import.meta.resolve('./blanks.js'))};
  const until = async (isSo) => { while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10)); };
`;

function run(program: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', ground + program], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test(
  'preloaded modules that end their process, before or after they are loaded, do not have processes started without end',
  options,
  () => {
    const log = join(folder, 'loads');
    for (const end of [
      'process.exit(3)',
      'setImmediate(() => setTimeout(() => process.exit(0)))',
      'setTimeout(() => { process.stderr.write = () => true; throw new Error("late"); })',
    ]) {
      const module = write('ending.mjs', `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(log)}, '.'); ${end};`);
      writeFileSync(log, '');
      const told = run(`
      const warned = new Promise((resolve) => process.on('warning', ({ name, message }) => resolve(name + ': ' + message)));
      const context = getContext('forkserver', { preload: [${JSON.stringify(module)}] });
      const keep = setInterval(() => {}, 1000);
      console.log(await warned);
      clearInterval(keep);
      await until(() => childrenOf(process.pid).length === 0);
      const child = new context.Process({ target: () => {} }).start();
      await child.join();
      console.log(child.exitCode);
    `);
      assert.equal(
        told,
        'ForkserverPreloadWarning: the blank processes of forkserver end before they are used: processes start without them\n0',
      );
      // The last to fail may have had a neighbour.
      assert.match(readFileSync(log, 'utf8'), /^\.{3,4}$/);
    }
  },
);

test('a blank process whose preloaded modules never come to an end ends with its parent, also without native calls', options, async () => {
  const module = write('hanging.mjs', 'process.exit = () => undefined; await new Promise(() => setInterval(() => {}, 1000));');
  for (const platform of ['', 'none']) {
    const program = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `${ground} getContext('forkserver', { preload: [${JSON.stringify(module)}] }); setInterval(() => {}, 1000);`,
      ],
      { cwd: root, env: { ...process.env, HEDDLE_PLATFORM: platform }, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    await until(() => childrenOf(program.pid!).length > 0);
    const [blank] = childrenOf(program.pid!);
    program.kill('SIGKILL');
    await once(program, 'exit');
    await until(() => !isRunning(blank!));
  }
});

/** False for a zombie, too: its new parent may never collect it. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

test('warm processes come back when what kept them from starting is over', options, () => {
  const told = run(`
    import { mkdtempSync, rmdirSync } from 'node:fs';
    const forever = setInterval(() => {}, 1000);
    const gone = mkdtempSync('/tmp/heddle-gone-');
    const before = process.cwd();
    process.chdir(gone);
    rmdirSync(gone);
    const context = getContext('forkserver');
    for (let i = 0; i < 5; i++) {
      const child = new context.Process({ target: () => {} });
      try { await child.start().join(); } catch { /* There is no folder to start in. */ }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.chdir(before);
    await new context.Process({ target: () => {} }).start().join();
    await until(() => readyOf(process.pid).length === 2);
    clearInterval(forever);
    console.log('two');
  `);
  assert.equal(told, 'two');
});

test('a warm process that ends leaves the terminal as its parent has set it', { skip: needsScript || options.skip }, async () => {
  const program = write(
    'raw.mjs',
    `${ground}
    import { spawnSync } from 'node:child_process';
    const isRaw = () => String(spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] }).stdout).includes('-icanon');
    const context = getContext('forkserver');
    await until(() => readyOf(process.pid).length === 2);
    process.stdin.setRawMode(true);
    const told = [isRaw()];
    const child = new context.Process({ target: () => {} }).start();
    await child.join();
    told.push(isRaw());
    await until(() => readyOf(process.pid).length === 2);
    const pids = readyOf(process.pid);
    const pool = new context.Pool({ processes: 1, env: { ...process.env, HE_OWN: '1' } });
    told.push(pids.includes(await pool.apply(() => process.pid)));
    pool.close();
    await pool.join();
    told.push(isRaw());
    console.log(JSON.stringify(told));
    process.exit();`,
  );
  assert.match(await onTerminal([program], root), /\[true,true,true,true\]/);
});
