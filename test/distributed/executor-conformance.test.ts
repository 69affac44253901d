/**
 * Suites of executors of one machine, run on an executor over a server. Those that are here hold without exception; what differs is a table in
 * docs/distributed.md, and `executor.test.ts` has what holds there.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noServer, startServer } from './server.ts';

const suites = ['futures/wait', 'futures/future', 'jobs/signal'];

test('waiting, futures and signals keep their promises over a server', { skip: noServer }, async () => {
  await using server = await startServer();
  const files = suites.map((name) => fileURLToPath(new URL(`../pool/${name}.test.js`, import.meta.url)));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=tap', ...files], {
    env: { ...env, HEDDLE_TEST_EXECUTOR: new URL('executor-under-test.js', import.meta.url).href, HEDDLE_TEST_URL: server.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, output);
  // Both kinds of one machine are one kind here.
  assert.ok(Number(/^# pass (\d+)/m.exec(output)?.[1]) >= 20, output);
});
