/** `heddle map --timeout`: what an item is charged for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixtures, heddle, kinds, lines } from './heddle.ts';

for (const kind of kinds) {
  test(`map ${kind}: an item is not charged for the import of its module in a new worker`, async () => {
    // The first ends the only worker that has the module, so the second waits for an import.
    const args = ['map', `${fixtures}slow-import.mjs#work`, kind, '-j', '1', '--chunk', '1', '--timeout', '150', 'exit', 'a', 'b'];
    const { code, stdout, stderr } = await heddle(args);
    assert.deepEqual(lines(stdout), ['"a"', '"b"']);
    assert.doesNotMatch(stderr, /within 150 ms/);
    assert.equal(code, 1);
  });
}
