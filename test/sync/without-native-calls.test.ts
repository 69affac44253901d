/** The behaviour of locks between threads, without native calls. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of [
  'acquire/blocked-alone',
  'acquire/blocked-threads',
  'lock/fairness',
  'acquire/giving-up',
  'handles',
  'semaphore/held-permits',
  'lifetimes',
  'lock/owner-death',
  'acquire/waiter-death',
])
  await import(`./${name}.test.js`);
