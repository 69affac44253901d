/** The behaviour of queues that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of ['ordered', 'queue']) await import(`./${name}.test.js`);
