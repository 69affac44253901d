/** What users see of queues, between threads, where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['queue', 'ordered', 'deaths', 'rounds', 'started']) await import(`./${name}.test.js`);
