// A pipe between two processes, both blocking.
import { Pipe, Process } from '../../../dist/index.js';
import { expect } from '../../measure.mjs';
import { kinds, sumOf } from '../items.mjs';
import { servePipe } from '../workers/heddle-pipe.mjs';

const memory = { mebibytes: new Uint8Array(2 ** 20), kibibytes: new Uint8Array(2 ** 10) };

export function openPipe() {
  const [here, there] = Pipe();
  const child = new Process({ target: servePipe, args: [there] }).start();
  there.close();
  return {
    send(what, count) {
      here.sendSync([what, count]);
      const { read } = kinds[what];
      const into = memory[what];
      let sum = 0;
      for (let n = 0; n < count; n++) {
        if (into === undefined) sum += read(here.recvSync());
        else {
          here.recvBytesIntoSync(into);
          sum += read(into);
        }
      }
      expect(sum, sumOf(what, count), 'the sum of what came');
    },
    turns(rounds) {
      here.sendSync(['turns', rounds]);
      for (let n = 0; n < rounds; n++) {
        here.sendSync(n);
        here.recvSync();
      }
    },
    async close() {
      here.close();
      await child.join();
    },
  };
}
