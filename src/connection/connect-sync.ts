/** Connecting while the event loop stands still: for what must be there when a Sync call returns. */

import type { Socket } from 'node:net';
import { fs, net } from '../builtins.ts';
import { AuthenticationError, EOFError, TimeoutError } from '../errors.ts';
import { blockThread } from '../memory/index.ts';
import { sleepUntilReady } from '../platform/index.ts';
import { monotonicNow } from '../real-timers.ts';
import { describeAddress, type ListenerAddress } from './address.ts';
import { ClientHandshake } from './handshake.ts';
import { connectionOver, type SocketConnection } from './socket-connection.ts';

/**
 * As `Client`, and blocks the thread.
 *
 * @param address its host is an address, and no name: names are found by the event loop
 * @throws EOFError if nothing listens there; AuthenticationError, TimeoutError as `Client`
 */
export function connectSync(address: ListenerAddress, authkey: Uint8Array, timeout: number): SocketConnection {
  const until = monotonicNow() + timeout;
  return blockThread(() => {
    for (;;) {
      const socket = open(address);
      try {
        return connectionOver(socket, `the connection to ${describeAddress(address)}`, provedOver(socket, address, authkey, until));
      } catch (error) {
        socket.on('error', () => {});
        socket.destroy();
        if (!(error instanceof NotThere) || monotonicNow() >= until || !isBusy(error)) throw errorOf(error, address);
      }
    }
  });
}

/** The connection was not made. */
class NotThere extends Error {}

/** The listener has more new connections than the system keeps for it. */
const isBusy = ({ cause }: Error): boolean => (cause as NodeJS.ErrnoException | undefined)?.code === 'EAGAIN';

function errorOf(error: unknown, address: ListenerAddress): unknown {
  if (!(error instanceof NotThere)) return error;
  return new EOFError(`nothing listens at ${describeAddress(address)}, or it has ended`, { cause: error.cause });
}

function open(address: ListenerAddress): Socket {
  if (typeof address === 'string') return net().connect(address);
  const { host, port } = address;
  // Node connects at once where a look-up answers at once.
  const lookup = (_name: string, _options: unknown, found: (error: null, host: string, family: number) => void): void =>
    found(null, host, net().isIP(host));
  return net().connect({ host: 'manager', port, lookup, autoSelectFamily: false });
}

/** Proves both ends. Returns what has come behind. */
function provedOver(socket: Socket, address: ListenerAddress, authkey: Uint8Array, until: number): Uint8Array {
  const descriptor = (socket as unknown as { readonly _handle: { readonly fd: number } | null })._handle?.fd;
  if (descriptor === undefined || descriptor < 0) throw new NotThere();
  const handshake = new ClientHandshake(authkey);
  const buffer = new Uint8Array(1024);
  for (let progress = handshake.begin(); ; progress = handshake.push(buffer.slice(0, readSome(descriptor, buffer, address, until)))) {
    for (let left = progress.send; left !== undefined && left.length > 0; )
      left = left.subarray(writeSome(descriptor, left, address, until));
    if (progress.state === 'refused') throw new AuthenticationError(`${describeAddress(address)}: ${progress.why}`);
    if (progress.state === 'proved') return progress.rest;
  }
}

function readSome(descriptor: number, into: Uint8Array, address: ListenerAddress, until: number): number {
  const count = tried(descriptor, false, address, until, () => fs().readSync(descriptor, into));
  if (count === 0) throw new NotThere();
  return count;
}

const writeSome = (descriptor: number, bytes: Uint8Array, address: ListenerAddress, until: number): number =>
  tried(descriptor, true, address, until, () => fs().writeSync(descriptor, bytes));

function tried(descriptor: number, isToWrite: boolean, address: ListenerAddress, until: number, act: () => number): number {
  for (let round = 0; ; round += 1) {
    const left = until - monotonicNow();
    if (left <= 0) throw new TimeoutError(`no proved connection to ${describeAddress(address)} in time`);
    if (sleepUntilReady(descriptor, isToWrite, left, round) === false) continue;
    try {
      return act();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') throw new NotThere('not connected', { cause });
    }
  }
}
