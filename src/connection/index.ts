/** Connections to other programs, over sockets. */

export type { ConnectionAddress, ListenerAddress } from './address.ts';
export { connectSync } from './connect-sync.ts';
export { Client, type ClientOptions } from './client.ts';
export { Listener, type ListenerStatistics, type ListenOptions } from './listener.ts';
export { SocketConnection, type SocketSendOptions, takeStream } from './socket-connection.ts';
// For those that speak over a connection themselves: its messages of bytes, as they come.
export { BYTES, longestMessage } from './frames.ts';
export type { MessageStream } from './stream.ts';
export { SocketFile } from './socket-file.ts';
export { describeAddress, readAddress, readAuthkey } from './address.ts';
