/** Connections to other programs, over sockets. */

export type { ConnectionAddress, ListenerAddress } from './address.ts';
export { Client, type ClientOptions } from './client.ts';
export { Listener, type ListenerStatistics, type ListenOptions } from './listener.ts';
export { SocketConnection, type SocketSendOptions } from './socket-connection.ts';
