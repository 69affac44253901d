/** Errors of calls that fail when they have waited: each begins with the line of its call, and none shows a call inside of heddle. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AuthenticationError, Client, EOFError, InvalidStateError, Listener, TimeoutError } from 'heddle';
import { pair } from './pair.js';

const authkey = Buffer.from('the key of both ends');
const root = fileURLToPath(new URL('../../../', import.meta.url));

type Expected = (abstract new (...args: any[]) => Error) | { readonly code: string };

/** Calls, also behind an await, and looks at the first line of what it fails with. */
async function check(name: string, expected: Expected, call: () => unknown): Promise<void> {
  async function thisCalls(): Promise<void> {
    await call();
  }
  async function afterAnAwait(): Promise<void> {
    await Promise.resolve();
    await call();
  }
  for (const caller of [thisCalls, afterAnAwait]) {
    const error = await caller().then(
      () => assert.fail(`${name} did not fail`),
      (reason: unknown) => reason as Error & { code?: string },
    );
    if (typeof expected === 'function') assert.ok(error instanceof expected, `${name}: ${error.stack}`);
    else assert.equal(error.code, expected.code, name);
    const { stack } = error;
    assert.ok(stack!.startsWith(`${error.name}: ${error.message}\n`), stack);
    const frames = stack!.split('\n').filter((line) => line.startsWith('    at '));
    assert.match(frames[0] ?? '', /connection\/stacks\.test\.[jt]s:\d+:\d+\)?$/, `${name}: ${stack}`);
    assert.ok(
      frames.slice(1).some((line) => line.includes(caller.name)),
      `${name}: ${stack}`,
    );
    for (const line of frames) assert.ok(!line.includes(`${root}dist/`) && !line.includes(`${root}src/`), line);
  }
}

test('a client that is refused, and a listener that cannot listen, show the line of the call', async () => {
  await using listener = await Listener.listen(undefined, { authkey });
  const { address } = listener;
  await check('Client, no such file', { code: 'ENOENT' }, () => Client('/nowhere/at/all', { authkey }));
  await check('Client, nothing listens', { code: 'ECONNREFUSED' }, () => Client({ port: 1 }, { authkey }));
  await check('Client, another key', AuthenticationError, () => Client(address, { authkey: Buffer.from('another') }));
  await check('Client, bad argument', RangeError, () => Client({ port: -1 }, { authkey }));
  await check('listen, in use', { code: 'EADDRINUSE' }, () => Listener.listen(address, { authkey }));
  await check('listen, no such folder', Error, () => Listener.listen('/nowhere/at/all/socket', { authkey }));
  await check('listen, bad argument', TypeError, () => Listener.listen(address, { authkey: 7 as never }));
  await check('accept, out of time', TimeoutError, () => listener.accept(1));
  await check('accept, closed', InvalidStateError, async () => {
    const other = await Listener.listen(undefined, { authkey });
    const accepting = other.accept();
    other.close();
    await accepting;
  });
  const silent = createServer().listen(0);
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  await check('Client, out of time', TimeoutError, () => Client({ port }, { authkey, timeout: 1 }));
  silent.close();
});

test('a listener that can make no folder for its socket shows the line of the call', async () => {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = '/nowhere/at/all';
  try {
    await check('listen', { code: 'ENOENT' }, () => Listener.listen(undefined, { authkey }));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});

test('calls of a connection that fail when they have waited show their lines, each with an error of its own', async () => {
  const [a, b, close] = await pair(undefined);
  await check('recv, out of time', TimeoutError, () => a.recv(1));
  await check('recv, no time', TimeoutError, () => a.recv(0));
  await check('recvBytes, out of time', TimeoutError, () => a.recvBytes(undefined, 1));
  await check('recvSync, out of time', TimeoutError, () => a.recvSync(1));
  await check('recvBytes, a value came', InvalidStateError, async () => {
    const receiving = a.recvBytes();
    b.sendSync('a value');
    try {
      await receiving;
    } finally {
      a.recvSync();
    }
  });
  const filling = b.send(new Uint8Array(64 << 20));
  await check('send, out of time', TimeoutError, () => b.send('no room', 1));
  await check('sendSync, out of time', TimeoutError, () => b.sendSync('no room', 1));
  const failing = check('send, the other end is closed meanwhile', EOFError, () => b.send('never'));
  a.close();
  await failing;
  await assert.rejects(filling, EOFError);
  for (const call of [() => b.recv(), () => b.recvSync(), () => b.send(1), () => b.sendSync(1), () => b.sendBytes(new Uint8Array(1))])
    await check(String(call), EOFError, call);
  close();
});

test('the end of file reaches each call that waits with an error of its own', async () => {
  const [a, b, close] = await pair(undefined);
  const calls = [1, 2].map(() => check('recv, the end came', EOFError, () => a.recv()));
  const [one, other] = [a.recv(), a.recv()];
  b.close();
  await Promise.all(calls);
  const [first, second] = await Promise.all([one, other].map(async (wait) => Promise.resolve(wait).catch((error: unknown) => error)));
  assert.ok(first instanceof EOFError && second instanceof EOFError && first !== second);
  close();
});

test('what a signal was aborted with is given as it is', async () => {
  const [a, , close] = await pair(undefined);
  const reason = new Error('enough');
  const { stack } = reason;
  const controller = new AbortController();
  const calls = [a.recv({ signal: controller.signal }), Client('/nowhere', { authkey, signal: AbortSignal.abort(reason) })];
  controller.abort(reason);
  for (const call of calls) await assert.rejects(Promise.resolve(call), (error) => error === reason);
  assert.equal(reason.stack, stack);
  close();
});
