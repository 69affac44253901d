/** The behaviour of values and arrays that a manager has made. */

process.env['HEDDLE_TEST_MANAGER'] = '1';

for (const name of ['between', 'shared-array', 'value']) await import(`./${name}.test.js`);
