/** The same rules of queues where no native call can be made: in one thread, and between threads. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['rules', 'between']) await import(`./${name}.test.js`);
