/** What users see of locks, between threads, where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of [
  'blocked-alone',
  'blocked-threads',
  'fairness',
  'giving-up',
  'handles',
  'held-permits',
  'lifetimes',
  'owner-death',
  'waiter-death',
])
  await import(`./${name}.test.js`);
