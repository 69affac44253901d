/** A manager and its clients as programs that have nothing in common but a key: over each kind of socket, and when one of them is killed. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { type ConnectionAddress, EOFError, Manager, OwnerDied, type RemoteManager } from 'heddle';

const key = 'both programs know this';
const authkey = Buffer.from(key);
const programs: ChildProcess[] = [];

after(async () => {
  for (const program of programs) {
    if (program.exitCode !== null || program.signalCode !== null) continue;
    const exited = once(program, 'exit');
    program.kill('SIGKILL');
    await exited;
  }
});

/** A program, and what it prints: each line a value. */
function start(source: string, ...args: string[]): [ChildProcess, () => Promise<any>] {
  const program = spawn(process.execPath, ['--input-type=module', '-e', source, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  programs.push(program);
  const lines = createInterface(program.stdout)[Symbol.asyncIterator]();
  return [
    program,
    async () => {
      const { value, done } = await lines.next();
      return done === true ? undefined : JSON.parse(value);
    },
  ];
}

const serving = `
import { Manager } from 'heddle';
class Desk {
  #held = new Map();
  put(key, value) { this.#held.set(key, value); }
  get(key) { return this.#held.get(key); }
  async ask(fn) { return await fn(); }
  never() { return new Promise(() => {}); }
  die() { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); }
}
let desk;
Manager.register('desk', () => desk ??= new Desk());
const manager = await Manager.start({ address: JSON.parse(process.argv[1]), authkey: Buffer.from('${key}') });
console.log(JSON.stringify(manager.address));
setInterval(() => {}, 1 << 30);
`;

const calling = `
import { callback, Manager } from 'heddle';
const manager = await Manager.connect({ address: JSON.parse(process.argv[1]), authkey: Buffer.from('${key}') });
const desk = await manager.create('desk');
const dict = await manager.dict({ of: 'the caller' });
desk.putSync('dict', dict);
await desk.put('square', (x) => x * x);
await desk.put('lock', await manager.Lock());
const lock = await desk.get('lock');
await lock.acquire();
void desk.ask(callback(() => new Promise(() => {}))).catch(() => {});
await desk.put('asked', true);
console.log(JSON.stringify([dict.getSync('of'), await dict.size]));
setInterval(() => {}, 1 << 30);
`;

interface Desk {
  put(key: string, value: unknown): void;
  get(key: string): unknown;
  never(): Promise<never>;
  die(): Promise<never>;
}

for (const [name, address] of [
  ['a Unix socket', undefined],
  ['TCP', { port: 0 }],
] as const) {
  test(`over ${name}: programs share the objects of a manager; what a killed one held is given up, and a killed manager fails every call`, async () => {
    const place = address ?? join(tmpdir(), `manager-${process.pid}`);
    const [, served] = start(serving, JSON.stringify(place));
    const at = (await served()) as ConnectionAddress;
    const [caller, called] = start(calling, JSON.stringify(at));
    assert.deepEqual(await called(), ['the caller', 1]);

    const remote: RemoteManager = await Manager.connect({ address: at, authkey });
    const desk = await remote.create<Desk>('desk');
    const dict = (await desk.get('dict')) as Awaited<ReturnType<typeof remote.dict>>;
    await dict.set('to', 'all');
    assert.deepEqual(await dict.toObject(), { of: 'the caller', to: 'all' });
    assert.equal(((await desk.get('square')) as (x: number) => number)(7), 49);
    const lock = (await desk.get('lock')) as Awaited<ReturnType<typeof remote.Lock>>;
    assert.equal(await lock.locked(), true);

    const waiting = lock.acquire();
    caller.kill('SIGKILL');
    await assert.rejects(waiting, OwnerDied);
    await lock.release();
    // The desk holds its dict: that is there still.
    assert.equal(await dict.size, 2);

    const pending = [desk.never(), dict.update('of', () => 'x').then(() => desk.never()), lock.acquire().then(() => lock.acquire())];
    const failed = Promise.all(
      pending.map((one, i) =>
        assert.rejects(
          one,
          (error: Error) =>
            error instanceof EOFError && [/^desk\.never\(\): /, /^desk\.never\(\): /, /^Lock\.acquire\(\): /][i]!.test(error.message),
        ),
      ),
    );
    while (!(await lock.locked()));
    assert.throws(
      () => (desk as unknown as { dieSync: () => void }).dieSync(),
      /^EOFError.*: desk\.dieSync\(\): the manager at .* has ended, or the connection to it/,
    );
    await failed;
    await assert.rejects(dict.get('of'), EOFError);
    assert.throws(() => dict.getSync('of'), EOFError);
    assert.equal(remote.closed, true);
    remote.close();
    // The program of the killed manager removes the file of its socket.
    if (typeof at === 'string') while (existsSync(at)) await new Promise((resolve) => setTimeout(resolve, 1));
  });
}

test('the socket of a manager goes with its program, which never shut it down', async () => {
  const [program, served] = start(`
    import { Manager } from 'heddle';
    const { address } = await Manager.start({ authkey: Buffer.from('${key}') });
    console.log(JSON.stringify(address));
  `);
  const ended = once(program, 'close');
  const address = (await served()) as string;
  await ended;
  assert.equal(existsSync(dirname(address)), false);
});
