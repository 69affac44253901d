// A connection over a Unix socket to a child that sends back what it receives, both ends blocking or both awaiting.
import { Listener, Process } from '../../../dist/index.js';
import { expect } from '../../measure.mjs';
import { echo, echoAwaiting } from '../workers/echo.mjs';

const authkey = Buffer.from('a secret of both ends');

/** @param isAwaited both ends await */
export async function openClient(isAwaited) {
  const listener = await Listener.listen(undefined, { authkey });
  const child = new Process({ target: isAwaited ? echoAwaiting : echo, args: [listener.address, authkey] }).start();
  const end = await listener.accept();
  const blocking = (rounds) => {
    for (let n = 0; n < rounds; n++) {
      end.sendSync(n);
      expect(end.recvSync(), n, 'what came back');
    }
  };
  const awaited = async (rounds) => {
    for (let n = 0; n < rounds; n++) {
      await end.send(n);
      expect(await end.recv(), n, 'what came back');
    }
  };
  return {
    turns: isAwaited ? awaited : blocking,
    async close() {
      end.close();
      listener.close();
      await child.join();
    },
  };
}
