/** Contexts are followed from the first one that a program makes: each of these programs makes its first in another place. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

async function lines(code: string): Promise<string[]> {
  const text = `import { AsyncLocalStorage } from 'node:async_hooks';\nconst storage = new AsyncLocalStorage();\n${code}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], { timeout: 60_000 });
  return stdout.trim().split('\n');
}

const imports = `
  const { greenlet, getcurrent } = await import('heddle/coroutine');
  const main = getcurrent();
  const say = (who) => console.log(who, storage.getStore());
  const twice = (enter) => greenlet(function* () {
    enter?.();
    say('begins');
    yield* main.switch();
    say('goes on');
  });`;

test('a greenlet that enters the first context of all takes it along, and keeps it', async () => {
  const code = `${imports}
    const [other, g] = [twice(), twice(() => storage.enterWith('mine'))];
    other.switch();
    g.switch();
    say('main');
    other.switch();
    storage.run('elsewhere', () => g.switch());
    say('main');`;
  assert.deepEqual(await lines(code), [
    'begins undefined',
    'begins mine',
    'main undefined',
    'goes on undefined',
    'goes on mine',
    'main undefined',
  ]);
});

test('a greenlet that enters the first context of all leaves none behind when it ends, fails, or is disposed of', async () => {
  const code = `${imports}
    const enter = { end: () => {}, fail: () => { throw new Error(); } }[process.env.HOW];
    const g = greenlet(function* () {
      try { if (enter === undefined) yield* main.switch(); } finally { storage.enterWith('mine'); say('inside'); }
      enter();
    });
    try { g.switch(); g[Symbol.dispose](); } catch {}
    say('main');`;
  for (const how of ['end', 'fail', 'dispose'])
    assert.deepEqual(await lines(`process.env.HOW = '${how}';${code}`), ['inside mine', 'main undefined'], how);
});

test('a greenlet that disposes of another keeps the first context of all to itself', async () => {
  const code = `${imports}
    const inner = greenlet(function* () { try { yield* outer.switch(); } finally { say('inner'); } });
    const outer = greenlet(function* () {
      yield* inner.switch();
      storage.enterWith('mine');
      inner[Symbol.dispose]();
      say('outer');
      yield* main.switch();
      say('outer');
    });
    outer.switch();
    say('main');
    outer.switch();`;
  assert.deepEqual(await lines(code), ['inner undefined', 'outer mine', 'main undefined', 'outer mine']);
});

test('greenlets that were made before the first context do not share what they enter', async () => {
  const code = `${imports}
    const [one, other] = [twice(() => storage.enterWith('mine')), twice()];
    storage.run('x', () => {});
    one.switch();
    other.switch();
    one.switch();
    other.switch();
    const late = twice();
    late.switch();
    say('main');`;
  assert.deepEqual(await lines(code), [
    'begins mine',
    'begins undefined',
    'goes on mine',
    'goes on undefined',
    'begins undefined',
    'main undefined',
  ]);
});

test('the first context of all, entered by the program, is that of the program and of later greenlets', async () => {
  const code = `${imports}
    const before = twice();
    storage.enterWith('of the program');
    const after = twice();
    before.switch();
    after.switch();
    say('main');
    before.switch();`;
  assert.deepEqual(await lines(code), ['begins undefined', 'begins of the program', 'main of the program', 'goes on undefined']);
});

test('a context that was there before the import is followed', async () => {
  const code = `
    const outside = await storage.run('before', async () => {
      ${imports}
      const g = twice();
      g.switch();
      return () => {
        say('outside');
        g.switch();
      };
    });
    outside();`;
  assert.deepEqual(await lines(code), ['begins before', 'outside undefined', 'goes on before']);
});

test('the methods of AsyncLocalStorage are restored, and those of other code stay', async () => {
  const code = `
    const { prototype } = AsyncLocalStorage;
    const { run, enterWith } = prototype;
    ${imports}
    const wrapped = prototype.enterWith;
    prototype.enterWith = function (store) { return wrapped.call(this, store); };
    const theirs = prototype.enterWith;
    console.log(prototype.run === run);
    storage.run('x', () => {});
    console.log(prototype.run === run, prototype.enterWith === theirs);
    storage.enterWith('y');
    say('main');`;
  assert.deepEqual(await lines(code), ['false', 'true true', 'main y']);
});

test('a scope of a storage is followed, where Node has them', async (t) => {
  const code = `${imports}
    if (storage.withScope === undefined) console.log('none');
    else {
      const g = greenlet(function* () {
        const scope = storage.withScope('mine');
        yield* main.switch();
        say('goes on');
        scope[Symbol.dispose]();
        say('after');
      });
      g.switch();
      say('main');
      g.switch();
    }`;
  const said = await lines(code);
  if (said[0] === 'none') return t.skip('this Node has no scopes');
  return assert.deepEqual(said, ['main undefined', 'goes on mine', 'after undefined']);
});
