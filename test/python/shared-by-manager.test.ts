/** The assertions of Python's suites on locks, queues, values and arrays that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of [
  'shared-barriers',
  'shared-conditions',
  'shared-events',
  'shared-locks',
  'shared-queues',
  'shared-queue-kinds',
  'shared-semaphores',
  'shared-values',
])
  await import(`./${name}.test.js`);
