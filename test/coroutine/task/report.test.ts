/** The reports of a program: unhandled failures, and endless waits. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { runProgram } from '../program.js';

const count = (text: string, part: RegExp): number => text.match(new RegExp(part, 'g'))?.length ?? 0;

test('an unhandled error is printed once, with the place of its spawn', async () => {
  const { stdout, stderr, code } = await runProgram(`
    function spawnHere() { return h.spawn(function* work() { yield* h.sleep(1); throw new Error('boom') }) }
    // Failures are told when the event loop turns.
    const turn = () => new Promise((go) => setImmediate(go));
    const g = spawnHere();
    await g.join();
    await turn();
    console.log('goes on', g.exception.message);
    await g.join();
    await turn();
  `);
  assert.equal(stdout, 'goes on boom\n');
  assert.equal(count(stderr, /Error: boom/), 1, stderr);
  assert.match(stderr, /^heddle: Greenlet-\d+ failed: Error: boom/);
  assert.match(stderr, /spawned at spawnHere \(.*:\d+:/);
  assert.equal(code, 0);
});

test('a watched error is not printed', async () => {
  const { stderr } = await runProgram(`
    const fail = async () => { throw new Error('seen') };
    await h.spawn(fail).catch(() => {});
    await h.spawn(fail).get().catch(() => {});
    h.spawn(fail).link(() => {});
    h.spawn(fail).linkException(() => {});
    await h.spawn(function* () { try { yield* h.spawn(fail) } catch {} });
    await h.joinAll([h.spawn(fail)], { raiseError: true }).catch(() => {});
    const late = h.spawn(fail);
    await late.join();
    late.exception;
  `);
  assert.equal(stderr, '');
});

test('an error of a callback is reported, and does not stop the other callbacks', async () => {
  const { stdout, stderr } = await runProgram(`
    const g = h.spawn(() => 1);
    g.link(() => { throw new Error('first') });
    g.rawlink(() => { throw new Error('raw') });
    g.link(() => console.log('second'));
  `);
  assert.equal(stdout, 'second\n');
  assert.match(stderr, /has a callback that failed: Error: raw/);
  assert.match(stderr, /failed: Error: first/);
});

test('greenlets that wait for each other end the program with a report, and with 1', async () => {
  const { stderr, code } = await runProgram(`
    const [a, b] = [h.spawn(function* () { yield* b }), h.spawn(async () => { await a })];
    a.name = 'a'; b.name = 'b';
  `);
  assert.match(stderr, /nothing can go on: 2 greenlets wait indefinitely/);
  assert.match(stderr, / {2}a waits for the end of b\n {4}spawned at .*:\d+:\d+\n {2}b waits for the end of a\n/);
  assert.equal(code, 1);
});

test('a promise that is never settled is named', async () => {
  const { stderr, code } = await runProgram(`h.spawn(() => h.until(new Promise(() => {}))).name = 'stuck';`);
  assert.match(stderr, /1 greenlet waits indefinitely\n {2}stuck waits for a promise/);
  assert.equal(code, 1);
});

test('a greenlet without a reference, or one that has ended, is not reported', async () => {
  const { stderr, code } = await runProgram(`
    h.spawn(() => h.until(new Promise(() => {}))).unref();
    await h.spawn(() => 1);
    await h.spawn(() => h.sleep(1e6)).kill();
  `);
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('an exit code of the program is kept', async () => {
  const { code } = await runProgram(`h.spawn(() => h.until(new Promise(() => {}))); process.exitCode = 7;`);
  assert.equal(code, 7);
});

test('a report of thousands is short', async () => {
  const { stderr } = await runProgram(`for (let i = 0; i < 5000; i += 1) h.spawn(() => h.until(new Promise(() => {})));`);
  assert.match(stderr, /5000 greenlets wait indefinitely/);
  assert.match(stderr, /and 4980 more/);
});
