/** A writer and a reader as tasks of a pool, with a queue of a manager between them. */

import { Manager, Pool, type Queue } from 'heddle';

async function write(queue: Queue<string | null>): Promise<string> {
  for (const letter of ['a', 'b', 'c', 'd']) await queue.put(letter);
  await queue.put(null);
  return 'the writer has written all';
}

async function read(queue: Queue<string | null>): Promise<string> {
  let text = '';
  for (let letter = await queue.get(); letter !== null; letter = await queue.get()) text += letter;
  return `the reader has read ${text}`;
}

await using manager = await Manager.start();
const queue = await manager.Queue<string | null>();
const pool = new Pool(2);
const tasks = [pool.applyAsync(write, [queue]), pool.applyAsync(read, [queue])];
pool.close();
for (const task of tasks) console.log(await task.get());
await pool.join();
