/** The bar of `map(…, { progress: true })` on a terminal. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsScript, onTerminal, screenOf } from './screen.js';

const program = `
  import { ThreadPoolExecutor } from 'heddle';
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const work = async (n) => {
    await new Promise((resolve) => setTimeout(resolve, 15));
    console.log(\`\${n} from a worker\`);
    return n;
  };
  for await (const n of pool.map(work, Array.from({ length: 60 }, (_, i) => i), { progress: 'working', chunkSize: 1 })) {
    console.error(\`\${n} from the program\`);
  }
  console.log('over', Object.hasOwn(process.stdout, 'write'), Object.hasOwn(process.stderr, 'write'));
`;

test('what the program and its threads print while the bar is drawn begins on a line of its own', { skip: needsScript }, async () => {
  const output = await onTerminal(['--input-type=module', '-e', program], process.cwd());
  assert.ok(output.indexOf('━') < output.lastIndexOf('from a worker'), output);
  const rows = screenOf(output);
  const expected = Array.from({ length: 60 }, (_, n) => [`${n} from a worker`, `${n} from the program`]).flat();
  assert.deepEqual(rows.filter((row) => row.includes(' from ')).toSorted(), expected.toSorted());
  assert.ok(
    rows.some((row) => /^working {2}━+ {2}100 % {2}60\/60 /.test(row)),
    rows.join('\n'),
  );
  assert.equal(rows.at(-1), 'over false false');
});
