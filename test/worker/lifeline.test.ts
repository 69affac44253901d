/** Worker processes end with their host, however it ends and whatever they are doing. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { ProcessPoolExecutor } from 'heddle';
import { features } from 'heddle/lowlevel';

const needsNative = features().native ?? false;
const natives = [
  { name: 'with native calls', skip: needsNative, env: {} },
  { name: 'without native calls', skip: false, env: { HEDDLE_PLATFORM: 'none' } },
];

function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return 'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0]!);
  } catch {
    return true;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  while (!pids.every(isGone)) await new Promise((resolve) => setTimeout(resolve, 2));
}

class Host {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  text = '';

  constructor(program: string, env: Record<string, string> = {}) {
    this.process = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => (this.text += text));
    this.ended = once(this.process, 'exit');
  }

  /** Waits for `count` lines that begin with a word and returns the numbers behind it. */
  async numbers(word: string, count: number): Promise<number[]> {
    for (;;) {
      const found = [...this.text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
      if (found.length >= count) return found;
      assert.equal(this.process.exitCode, null, `the host ended early, and said: ${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** A module that starts a pool of `workers` processes, each of which says its pid and never gives the thread back. */
const busyPool = (workers: number): string => `
  import { ProcessPoolExecutor } from 'heddle';
  import { writeSync } from 'node:fs';
  const pool = new ProcessPoolExecutor({ maxWorkers: ${workers} });
  for (let i = 0; i < ${workers}; i++) pool.submit(() => { writeSync(1, 'busy ' + process.pid + '\\n'); for (;;); }).catch(() => {});`;

/** The same in a worker thread of the host. */
const inThread = (program: string): string => `
  import { Worker } from 'node:worker_threads';
  const thread = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(program)})));`;

/** A module given as a data: URL has no place to import from. */
const heddle = import.meta.resolve('heddle');
const placed = (program: string): string => program.replaceAll("from 'heddle'", `from '${heddle}'`);

for (const workers of [1, 2]) {
  test(`${workers} busy: a worker outlives a host that was SIGKILLed`, { skip: needsNative }, async () => {
    const host = new Host(busyPool(workers));
    const pids = await host.numbers('busy', workers);
    await host.kill();
    await gone(pids);
  });

  test(`${workers} busy: a worker outlives a SIGKILLed host whose thread had started it`, { skip: needsNative }, async () => {
    const host = new Host(inThread(placed(busyPool(workers))));
    const pids = await host.numbers('busy', workers);
    await host.kill();
    await gone(pids);
  });

  test(`${workers} busy: a worker outlives the thread that started it, which was terminated`, { skip: needsNative }, async () => {
    const host = new Host(`${inThread(placed(busyPool(workers)))}
      process.on('SIGUSR2', () => thread.terminate().then(() => console.log('terminated ' + process.pid)));`);
    const pids = await host.numbers('busy', workers);
    host.process.kill('SIGUSR2');
    await host.numbers('terminated', 1);
    await gone(pids);
    await host.kill();
  });

  for (const { name, skip, env } of natives) {
    test(`${workers} busy, ${name}: a worker outlives a host that called process.exit()`, { skip }, async () => {
      const host = new Host(`${busyPool(workers)} process.on('SIGUSR2', () => process.exit(3));`, env);
      const pids = await host.numbers('busy', workers);
      host.process.kill('SIGUSR2');
      assert.deepEqual(await host.ended, [3, null]);
      await gone(pids);
    });

    test(`${workers} waiting, ${name}: a worker outlives a host that was SIGKILLed`, { skip }, async () => {
      const host = new Host(busyPool(workers).replace('for (;;);', 'return new Promise(() => setInterval(() => {}, 1000));'), env);
      const pids = await host.numbers('busy', workers);
      await host.kill();
      await gone(pids);
    });
  }
}

test('a worker of a worker outlives a host that was SIGKILLed', { skip: needsNative }, async () => {
  const host = new Host(`
    import { ProcessPoolExecutor } from 'heddle';
    import { writeSync } from 'node:fs';
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    pool.submit(async () => {
      writeSync(1, 'busy ' + process.pid + '\\n');
      const inner = new ProcessPoolExecutor({ maxWorkers: 1 });
      await inner.submit(() => { writeSync(1, 'busy ' + process.pid + '\\n'); for (;;); });
    });`);
  const pids = await host.numbers('busy', 2);
  await host.kill();
  await gone(pids);
});

test('a program that a task started holds a lifeline, or ends by it', { skip: needsNative }, async () => {
  const host = new Host(`
    import { ProcessPoolExecutor } from 'heddle';
    import { spawn } from 'node:child_process';
    import { writeSync } from 'node:fs';
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    pool.submit(() => {
      const { pid } = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
      writeSync(1, 'started ' + pid + '\\n');
      writeSync(1, 'busy ' + process.pid + '\\n');
      for (;;);
    });`);
  const pids = await host.numbers('busy', 1);
  const [started] = (await host.numbers('started', 1)) as [number];
  try {
    const open = new Set(readdirSync(`/proc/${started}/fd`).map((fd) => readlinkSync(`/proc/${started}/fd/${fd}`)));
    const [link, lifeline, marks] = [3, 4, 5].map((fd) => readlinkSync(`/proc/${pids[0]}/fd/${fd}`)) as [string, string, string];
    assert.match(`${link} ${lifeline} ${marks}`, /^socket:\S+ pipe:\S+ pipe:\S+$/);
    for (const one of [link, lifeline, marks]) assert.ok(!open.has(one), one);
    await host.kill();
    await gone(pids);
    assert.ok(!isGone(started));
  } finally {
    await host.kill();
    process.kill(started, 'SIGKILL');
  }
  await gone([started]);
});

for (const { name, skip, env } of natives) {
  for (const end of ['process.exit()', 'the end of its program']) {
    test(`${name}: an idle worker cannot end in good order after ${end}`, { skip }, async () => {
      const host = new Host(
        `import { ProcessPoolExecutor } from 'heddle';
         import { writeSync } from 'node:fs';
         const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
         const pid = await pool.submit(() => (process.on('exit', () => writeSync(1, 'bye ' + process.pid + '\\n')), process.pid));
         console.log('idle ' + pid);
         ${end === 'process.exit()' ? 'process.exit();' : ''}`,
        env,
      );
      await Promise.all([host.ended, once(host.process.stdout!, 'end')]);
      const [pid] = /(?<=^idle )\d+/m.exec(host.text)!;
      assert.match(host.text, new RegExp(`^bye ${pid}$`, 'm'));
    });
  }
}

test('a worker that ended leaves a descriptor in its host', { skip: needsNative }, async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const round = async (): Promise<void> => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    await Promise.all([1, 2].map((x) => pool.submit((y: number) => y, x)));
    await pool.shutdown();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  };
  await round();
  const before = open();
  for (let i = 0; i < 3; i++) await round();
  assert.equal(open(), before);
});
