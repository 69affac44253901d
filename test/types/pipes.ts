/** Types of pipes: messages have the type of the pipe, and `waitReady` gives what it was given. */

import { type Connection, Pipe, type Process, Queue, waitReady } from 'heddle';

/** Never called: the compiler reads it. */
export async function pipes(process: Process): Promise<void> {
  const [one, other] = Pipe<number>();
  const sent: void = await one.send(1);
  const message: number = await other.recv();
  const same: number = other.recvSync(5);
  const bytes: Uint8Array = await other.recvBytes(10, { timeout: 5 });
  const count: number = other.recvBytesIntoSync(new DataView(new ArrayBuffer(8)), 2);
  const isThere: boolean = await other.poll(5);
  for await (const each of other) each.toFixed();
  const ready: Connection<number>[] = await waitReady([one, other]);
  const mixed: (Connection<number> | Queue<string> | Process)[] = await waitReady([one, new Queue<string>(), process]);
  const untyped: unknown = Pipe()[0].recvSync();
  // @ts-expect-error -- messages of this pipe are numbers
  await one.send('text');
  // @ts-expect-error -- a blocked thread cannot hear a signal
  one.recvSync({ signal: AbortSignal.abort() });
  // @ts-expect-error -- bytes are a view or a buffer
  await one.sendBytes('text');
  void [sent, message, same, bytes, count, isThere, ready, mixed, untyped];
}
