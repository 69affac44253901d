/** What users see of queues, between threads, where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

await import('./queue.test.js');
