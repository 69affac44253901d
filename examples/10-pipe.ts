/** Both ends of a duplex pipe send and receive; of a one-way pipe the first only receives, and the second only sends. */

import { type Connection, InvalidStateError, Pipe, Process } from 'heddle';

const [parent, child] = Pipe<string>();
const answer = async (end: Connection<string>): Promise<void> => {
  console.log('child received:', await end.recv());
  await end.send('hello from the child');
  end.close();
};
const process = new Process({ target: answer, args: [child] }).start();
child.close();
await parent.send('hello from the parent');
console.log('parent received:', await parent.recv());
await process.join();

const [reader, writer] = Pipe<number>(false);
const count = async (end: Connection<number>): Promise<void> => {
  for (let n = 1; n <= 3; n += 1) await end.send(n);
  end.close();
};
const counting = new Process({ target: count, args: [writer] }).start();
try {
  await reader.send(0);
} catch (error) {
  console.log('the reader cannot send:', error instanceof InvalidStateError);
}
try {
  await writer.recv();
} catch (error) {
  console.log('the writer cannot receive:', error instanceof InvalidStateError);
}
writer.close();
for await (const n of reader) console.log('one-way:', n);
console.log('end of file');
await counting.join();
