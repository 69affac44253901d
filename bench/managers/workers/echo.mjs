// The child of heddle: sends back each message, until the other end is closed.
import { Client, EOFError } from '../../../dist/index.js';

async function untilClosed(address, authkey, work) {
  const end = await Client(address, { authkey });
  try {
    await work(end);
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
  } finally {
    end.close();
  }
}

export const echo = (address, authkey) =>
  untilClosed(address, authkey, (end) => {
    for (;;) end.sendSync(end.recvSync());
  });

export const echoAwaiting = (address, authkey) =>
  untilClosed(address, authkey, async (end) => {
    for (;;) await end.send(await end.recv());
  });
