/** `Process` and `Thread` where no native call can be made: all that they promise but shared objects between processes, which are refused by name. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['process/process', 'process/tree', 'process/signals', 'process/start-methods', 'thread/thread', 'thread/terminate'])
  await import(`../${name}.test.js`);
