/** The behaviour of locks that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of [
  'barrier/barrier',
  'condition/condition',
  'condition/event',
  'acquire/giving-up',
  'handles',
  'semaphore/held-permits',
  'lock/rlock',
  'semaphore/semaphore',
])
  await import(`./${name}.test.js`);
