/** The behaviour of queues and pipes between threads, without native calls. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['queue', 'ordered', 'deaths', 'rounds', 'pipe', 'pipe-deaths', 'pipe-rounds', 'wait-ready', 'started'])
  await import(`./${name}.test.js`);
