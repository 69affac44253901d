/** Two ends of a connection in this thread. */

import { Client, Listener, type SocketConnection } from 'heddle';

const authkey = Buffer.from('the key of both ends');

/** Two ends, and how to close all. */
export async function pair<A = unknown, B = A>(
  address: { port: number } | undefined,
): Promise<[SocketConnection<A>, SocketConnection<B>, () => void]> {
  const listener = await Listener.listen<B>(address, { authkey });
  const client = await Client<A>(listener.address, { authkey });
  const server = await listener.accept();
  const close = (): void => {
    client.close();
    server.close();
    listener.close();
  };
  return [client, server, close];
}
