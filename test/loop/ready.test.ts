/** The ready queue: its order, and that it leaves the event loop its turn. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import test from 'node:test';
import { hold, ready, readyAt, readyCount, release, type Steppable, stepReady } from '#src/loop/index.js';
import { runProgram } from '../coroutine/program.js';

const steps = (...list: (() => void)[]): void => list.forEach((step) => ready({ step }));

test('ready steps go on soon, in order', async () => {
  const said: string[] = [];
  steps(
    () => said.push('a'),
    () => {
      said.push('b');
      steps(() => said.push('d'));
    },
    () => said.push('c'),
  );
  said.push('begin');
  await Promise.resolve();
  assert.deepEqual(said, ['begin', 'a', 'b', 'c', 'd']);
});

test('endless steps leave timers, immediates and sockets their turn', async () => {
  let isOver = false;
  const endless: Steppable = {
    step() {
      if (!isOver) ready(endless);
    },
  };
  ready(endless);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setImmediate(resolve));
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [data] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(data), 'hello');
  isOver = true;
  socket.destroy();
  server.close();
  await once(server, 'close');
});

test('a step that breaks does not take the others with it', async () => {
  const { stdout } = await runProgram(`
    const { ready } = await import('#src/loop/index.js');
    process.on('uncaughtException', (error) => console.log(error.message));
    ready({ step() { throw new Error('broken'); } });
    ready({ step() { console.log('goes on'); } });
  `);
  assert.equal(stdout, 'broken\ngoes on\n');
});

test('a test can choose the next step', async () => {
  const said: string[] = [];
  hold();
  try {
    steps(
      () => said.push('a'),
      () => said.push('b'),
      () => said.push('c'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(said, []);
    const second = readyAt(1);
    stepReady(readyAt(2));
    stepReady(second);
    assert.deepEqual([said, readyCount(), readyAt(0) === second], [['c', 'b'], 1, false]);
  } finally {
    release();
  }
  await Promise.resolve();
  assert.deepEqual(said, ['c', 'b', 'a']);
});

test('steps that were ready before a test holds the queue go on with it', async () => {
  const said: string[] = [];
  steps(() => said.push('a'));
  hold();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(said, []);
  release();
  await Promise.resolve();
  assert.deepEqual(said, ['a']);
});
