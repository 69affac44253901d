/** What users see of queues and pipes, between threads, where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['queue', 'ordered', 'deaths', 'rounds', 'pipe', 'pipe-deaths', 'pipe-rounds', 'wait-ready', 'started'])
  await import(`./${name}.test.js`);
