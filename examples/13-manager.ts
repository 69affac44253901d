/** A dict and a list that a manager keeps: a child changes them, and the parent sees it. Once the manager ends with its scope, once by hand. */

import { type DictProxy, type ListProxy, Manager, Process } from 'heddle';

function change(dict: DictProxy<string | number | null>, list: ListProxy<number>): void {
  dict.setSync(1, '1');
  dict.setSync('2', 2);
  dict.setSync(null, [0.25]);
  list.reverseSync();
}

async function changeInChild(manager: Manager): Promise<void> {
  const dict = await manager.dict<string | number | null>();
  const list = await manager.list([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await new Process({ target: change, args: [dict, list] }).start().join();
  console.log(await dict.toMap(), (await list.toArray()).join(' '));
}

{
  await using manager = await Manager.start();
  await changeInChild(manager);
}
console.log('the first manager has ended with its scope');

const manager = await Manager.start();
await changeInChild(manager);
await manager.shutdown();
console.log('the second one was shut down');
