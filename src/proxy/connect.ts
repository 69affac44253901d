/** Connecting to a manager: for the program that asks, and for each thread that a proxy travels to. */

import { captureSite, travelByName } from '../codec/index.ts';
import { Client, connectSync, describeAddress, type SocketConnection } from '../connection/index.ts';
import { AuthenticationError, EOFError, TimeoutError } from '../errors.ts';
import { type WaitOptions } from '../loop/index.ts';
import { clearTimeout, monotonicNow, setTimeout } from '../real-timers.ts';
import { Link, type ManagerPlace, setRebuild, type Travelling } from './link.ts';
import { HELLO, MANAGER } from './protocol.ts';
import { RemoteProxied } from './remote.ts';

/** Of what both ends say to each other. */
const protocol = 'heddle manager 1';
/** Milliseconds that a thread which receives a proxy waits for its manager. */
const patience = 30_000;

/** Links of this thread, by their managers. */
const links = new Map<string, Link>();

/** Of the manager that runs in this thread: it keeps what such a proxy stands for, and cannot connect to itself. */
let home: { readonly id: string; objectOf(number: number): object } | undefined;

/** This thread is that of a manager from now on. */
export function setHome(given: { readonly id: string; objectOf(number: number): object }): void {
  home = given;
}

/** The answer of a manager to the first call: that it is one, and which. */
export type Greeting = readonly [protocol: string, id: string];

export const greeting = (id: string): Greeting => [protocol, id];

function greeted(link: Link, answer: unknown): void {
  const [said, id] = Array.isArray(answer) ? (answer as unknown as Greeting) : [];
  if (said !== protocol || id === undefined)
    throw new AuthenticationError(`Manager.connect(): what listens there is no manager of this version`);
  link.id = id;
  for (const [other, { isOpen }] of links) if (!isOpen) links.delete(other);
  if (!links.has(id)) links.set(id, link);
}

/** @throws as `Client`; EOFError, TimeoutError if the listener is not a manager */
export async function connected(place: ManagerPlace, options: WaitOptions, above: (...args: any[]) => unknown): Promise<Link> {
  const until = options.timeout === undefined ? Infinity : monotonicNow() + options.timeout;
  const connection: SocketConnection = await Client(place.address, { ...options, authkey: place.authkey });
  const link = new Link(connection, place);
  try {
    const left = until - monotonicNow();
    greeted(link, await within(link.call(MANAGER, HELLO, [protocol], 'Manager.connect', captureSite(above)), link, left, options.signal));
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

async function within<T>(answer: Promise<T>, link: Link, ms: number, signal: AbortSignal | undefined): Promise<T> {
  let isLate = false;
  const giveUp = (): void => link.close();
  const expire = (): void => {
    isLate = true;
    giveUp();
  };
  const timer = ms === Infinity ? undefined : setTimeout(expire, Math.min(ms, 0x7fff_ffff));
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    // The call may have been aborted before it began.
    signal?.throwIfAborted();
    return await answer;
  } catch (error) {
    signal?.throwIfAborted();
    if (isLate) throw new TimeoutError(`Manager.connect(): no manager has answered at ${describeAddress(link.place.address)} in time`);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/**
 * Connects this thread to the manager of a proxy that has come from another thread, if it is not yet, and makes the proxy. In the thread of that manager it is
 * the object.
 */
export function reconnected(travelling: Travelling): object {
  if (home?.id === travelling.id) return home.objectOf(travelling.number);
  const open = links.get(travelling.id);
  if (open?.isOpen === true) return open.adopt(travelling);
  const { address, authkey, id } = travelling;
  const link = new Link(connectSync(address, authkey, patience), { address, authkey });
  link.isBorrowed = true;
  try {
    greeted(link, link.callSync(MANAGER, HELLO, [protocol], 'Manager.connect', reconnected));
    if (link.id !== id) throw new EOFError(`the manager of this proxy has ended: another one listens at ${link.name}`);
    return link.adopt(travelling);
  } catch (error) {
    link.close();
    throw error;
  }
}

setRebuild(reconnected);
travelByName(reconnected, 'manager/index.js');
travelByName(RemoteProxied, 'manager/index.js');
