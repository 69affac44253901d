/** One heddle whose files were loaded twice, as test runners do that give each test file modules of its own. */

import assert from 'node:assert/strict';
import test from 'node:test';
import * as copies from '#src/copies.js';

test('objects of a heddle that was loaded twice are recognised, and told from those of another folder', async () => {
  const again = (await import(`${import.meta.resolve('#src/copies.js')}?again`)) as typeof copies;
  class Here {}
  class There {}
  copies.markClass(Here, 'shared');
  again.markClass(There, 'shared');
  assert.equal(copies.otherCopy(new Here()), undefined);
  assert.equal(again.otherCopy(new There()), undefined);
  assert.match(copies.otherCopy(new There()) ?? '', /^it is of another copy of heddle: \S+ was loaded twice, as test runners do/);
  const mock = new Proxy({}, { get: () => ({}) });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const value of [undefined, null, 1, 'text', {}, [], () => 0, mock, revoked]) assert.equal(copies.otherCopy(value), undefined);
});

test('registries are the same for all copies, and hidden', async () => {
  const again = (await import(`${import.meta.resolve('#src/copies.js')}?again`)) as typeof copies;
  const made = copies.common('test', () => ({ of: 'the first' }));
  assert.equal(
    again.common('test', () => ({ of: 'the second' })),
    made,
  );
  assert.equal(Object.getOwnPropertyDescriptor(process, Symbol.for('heddle.test'))?.enumerable, false);
  assert.equal(Symbol.for('heddle.test') in globalThis, false);
});
