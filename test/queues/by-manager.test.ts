/** The same rules of queues that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of ['rules', 'between']) await import(`./${name}.test.js`);
