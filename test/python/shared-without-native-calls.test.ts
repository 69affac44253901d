/** The assertions of Python's suites on locks, between threads, without native calls. */

process.env['HEDDLE_PLATFORM'] = 'none';

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
