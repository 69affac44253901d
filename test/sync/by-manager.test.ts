/** What users see of locks that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of ['barrier', 'condition', 'event', 'giving-up', 'handles', 'held-permits', 'rlock', 'semaphore'])
  await import(`./${name}.test.js`);
