/** What Python's suites assert of locks, between threads, where no native call can be made. */

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
