/** Tracked memory is unlinked when its last user has ended, in whichever way, and never while one is left. */

import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Process, ProcessPoolExecutor, SharedMemory } from 'heddle';
import { until } from '../../sync/crew.js';
import { exists, User } from './users.ts';

const patient = { timeout: 60_000 };
const unique = (text: string): string => `heddle-deaths-${process.pid}-${text}`;
const victim = fileURLToPath(new URL('./victim.js', import.meta.url));

// The watcher of this tree is a child of this process.
new SharedMemory({ create: true, size: 1 }).unlink();

/** Watchers of this tree and of the programs that were started here. */
const allWatchers = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`HEDDLE_TEST_ID=${process.env['HEDDLE_TEST_ID']}\0`);
      return isOurs && /watcher-main\.js/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
    } catch {
      return false;
    }
  });

/** Watchers of the programs. */
const watchers = (): string[] =>
  allWatchers().filter((pid) => {
    try {
      return !readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${process.pid}\n`);
    } catch {
      return false;
    }
  });

after(() => until(() => readdirSync('/dev/shm').every((name) => !name.startsWith(unique('')))));

const ends: Record<string, (user: User) => void> = {
  'is killed': (user) => user.kill(),
  'calls process.exit()': (user) => user.tell('exit', 3),
  'ends by an uncaught error': (user) => user.tell('throwError'),
  'has nothing left to do': (user) => void user.end(),
};

for (const [how, end] of Object.entries(ends)) {
  test(`a block goes when the program that has created it ${how}, and its watcher ends`, patient, async () => {
    const user = new User('ignore');
    const { name, track } = await user.open({ create: true, size: 100 });
    assert.ok(exists(name) && track);
    await until(() => watchers().length > 0);
    end(user);
    await user.ended();
    await until(() => !exists(name));
    await until(() => watchers().length === 0);
  });
}

test('a block stays when its creator is killed, as long as an unrelated program uses it, and goes with that one', patient, async () => {
  const [creator, other] = [new User(), new User()];
  const name = unique('two');
  await creator.open({ name, create: true, size: 100 });
  await creator.ask('write', name, 'hello');
  assert.deepEqual(await other.open({ name }), { name, size: 100, track: true });
  creator.kill();
  await creator.ended();
  // The creator's watcher has looked.
  await until(() => watchers().length === 1);
  assert.ok(exists(name));
  assert.equal(await other.ask('read', name, 5), 'hello');
  const third = new User();
  await third.open({ name });
  other.kill();
  await other.ended();
  assert.equal(await third.ask('read', name, 5), 'hello');
  third.kill();
  await third.ended();
  await until(() => !exists(name));
});

test('a block goes when all its users are killed at once', patient, async () => {
  const users = [new User(), new User(), new User()];
  const names = ['a', 'b', 'c'].map((text) => unique(text));
  for (const [i, user] of users.entries()) await user.open({ name: names[i]!, create: true, size: 100 });
  for (const [i, user] of users.entries()) for (const [j, name] of names.entries()) if (i !== j) await user.open({ name });
  for (const user of users) user.kill();
  await Promise.all(users.map((user) => user.ended()));
  await until(() => names.every((name) => !exists(name)));
});

test('a block goes with the last of its users to close it, when its creator has ended', patient, async () => {
  const [creator, other] = [new User(), new User()];
  const { name } = await creator.open({ create: true, size: 100 });
  await other.open({ name });
  creator.kill();
  await creator.ended();
  assert.ok(exists(name));
  await other.ask('close', name);
  assert.ok(!exists(name));
  await other.end();
});

test('a block that its creator has closed stays until that one ends', patient, async () => {
  const [creator, other] = [new User(), new User()];
  const { name } = await creator.open({ create: true, size: 100 });
  await other.open({ name });
  await creator.ask('close', name);
  await other.ask('close', name);
  assert.ok(exists(name));
  assert.equal((await other.open({ name })).size, 100);
  await other.end();
  assert.ok(exists(name));
  creator.kill();
  await creator.ended();
  await until(() => !exists(name));
});

test('a block that is not tracked stays, and a user that tracks it ends that', patient, async () => {
  const creator = new User();
  const name = unique('untracked');
  assert.equal((await creator.open({ name, create: true, size: 100, track: false })).track, false);
  await creator.ask('write', name, 'kept');
  creator.kill();
  await creator.ended();
  const second = new User();
  assert.equal((await second.open({ name })).track, false);
  await second.end();
  const third = new User();
  assert.deepEqual(await third.open({ name, track: true }), { name, size: 100, track: true });
  assert.equal(await third.ask('read', name, 4), 'kept');
  third.kill();
  await third.ended();
  await until(() => !exists(name));
});

test('a user that does not track a block keeps nothing', patient, async () => {
  const [creator, other] = [new User(), new User()];
  const { name } = await creator.open({ create: true, size: 100 });
  assert.equal((await other.open({ name, track: false })).track, false);
  creator.kill();
  await creator.ended();
  await until(() => !exists(name));
  // The memory that it has mapped is there all the same.
  assert.equal(await other.ask('read', name, 1), '\0');
  await other.end();
});

test('a name that was unlinked and given again stays when a user of the first block ends', patient, async () => {
  const [first, second] = [new User(), new User()];
  const name = unique('again');
  await first.open({ name, create: true, size: 100 });
  await second.open({ name });
  await second.ask('unlink', name);
  using made = new SharedMemory({ name, create: true, size: 50, track: false });
  first.kill();
  second.kill();
  await Promise.all([first.ended(), second.ended()]);
  await until(() => watchers().length === 0);
  assert.ok(exists(name));
  made.unlink();
});

test('a process that dies in a tree that goes on leaves no block, and the tree has one watcher', patient, async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  const names = [unique('tree-1'), unique('tree-2')];
  const create = (its: string): number => {
    Object.assign(globalThis, { [its]: new SharedMemory({ name: its, create: true, size: 10 }) });
    return process.pid;
  };
  const pids = await Promise.all([pool.submit(create, names[0]!), pool.submit(create, names[1]!)]);
  using kept = new SharedMemory({ create: true, size: 10 });
  await until(() => allWatchers().length === 1);
  for (const pid of new Set(pids)) process.kill(pid, 'SIGKILL');
  await until(() => names.every((name) => !exists(name)));
  assert.ok(exists(kept.name));
  assert.equal(allWatchers().length, 1);
});

test('a block that a Process has created goes when it ends, and stays where its parent uses it', patient, async () => {
  const name = unique('child');
  const child = new Process({
    target: (its: string) => {
      new SharedMemory({ name: `${its}-1`, create: true, size: 10 });
      new SharedMemory({ name: its, create: true, size: 10 });
      return new Promise(() => setInterval(() => {}, 1000));
    },
    args: [name],
  }).start();
  await until(() => exists(name));
  using memory = new SharedMemory({ name });
  child.kill();
  await child.join();
  await until(() => !exists(`${name}-1`));
  assert.ok(exists(name));
  memory.unlink();
});

test('a watcher that was killed is followed by another one', patient, async () => {
  const user = new User();
  const names = [unique('w1'), unique('w2')];
  await user.open({ name: names[0]!, create: true, size: 10 });
  await until(() => watchers().length === 1);
  const [pid] = watchers();
  process.kill(Number(pid), 'SIGKILL');
  await until(() => watchers().some((other) => other !== pid));
  await user.open({ name: names[1]!, create: true, size: 10 });
  assert.equal(watchers().length, 1);
  user.kill();
  await user.ended();
  await until(() => names.every((name) => !exists(name)));
});

const run = (...args: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, [victim, ...args], { encoding: 'utf8' });

const isLong = process.env['HEDDLE_LONG'] === '1';
/** After these a process is killed in the short suite, too: each leaves something else. */
const chosen = new Set(['use.locked', 'name.ready', 'block.named', 'use.left']);

/** [step, which time it comes] of each that an action makes. */
function stepsOf(action: string, name: string): [string, number][] {
  const { stdout, stderr } = run(action, name);
  assert.equal(stderr, '');
  const counts = new Map<string, number>();
  return (JSON.parse(stdout) as string[]).map((step) => {
    counts.set(step, (counts.get(step) ?? 0) + 1);
    return [step, counts.get(step)!];
  });
}

test('a process that is killed at any step of a creation leaves no block', patient, async () => {
  const name = unique('create');
  const steps = stepsOf('create', name);
  await until(() => !exists(name));
  assert.deepEqual(
    steps.map(([step]) => step),
    ['block.made', 'use.locked', 'name.block', 'name.claimed', 'name.ready', 'use.watched', 'block.named'],
  );
  for (const [step, time] of steps.filter(([its]) => isLong || chosen.has(its))) {
    const { signal } = run('create', name, step, String(time));
    assert.equal(signal, 'SIGKILL', step);
    await until(() => !exists(name));
  }
});

for (const action of ['attach', 'close', 'exit']) {
  test(
    `a process that is killed at any step of ${action} leaves the block to its creator, and with that one it goes`,
    patient,
    async () => {
      const creator = new User();
      const name = unique(action);
      await creator.open({ name, create: true, size: 100 });
      await creator.ask('write', name, action);
      const steps = stepsOf(action, name);
      assert.ok(steps.length > 0);
      for (const [step, time] of steps) {
        const { signal } = run(action, name, step, String(time));
        assert.equal(signal, 'SIGKILL', step);
        assert.equal(await creator.ask('read', name, action.length), action);
        assert.ok(exists(name), step);
      }
      creator.kill();
      await creator.ended();
      await until(() => !exists(name));
    },
  );
}

test('a tracked block whose name another program has taken away is no error at the end', patient, async () => {
  const user = new User();
  const { name } = await user.open({ create: true, size: 10 });
  unlinkSync(`/dev/shm/${name}`);
  await assert.rejects(user.ask('unlink', name), { code: 'ENOENT' });
  await user.ask('close', name);
  await user.end();
  assert.ok(!exists(name));
});
