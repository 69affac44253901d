/** Connecting to a manager: for the program that asks, and for each thread that a proxy travels to. */

import { captureSite, travelByName } from '../codec/index.ts';
import { Client, connectSync, type SocketConnection } from '../connection/index.ts';
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

/** What a manager answers to the first call: whether it is one, and which. */
export type Greeting = readonly [protocol: string, id: string];

export const greeting = (id: string): Greeting => [protocol, id];

function greeted(link: Link, answer: unknown): void {
  const [said, id] = Array.isArray(answer) ? (answer as unknown as Greeting) : [];
  if (said !== protocol || id === undefined)
    throw new AuthenticationError(`Manager.connect(): what listens there is no manager of this version`);
  link.id = id;
  if (links.get(id)?.isOpen !== true) links.set(id, link);
}

/** @throws as `Client`; EOFError, TimeoutError if what listens there is no manager */
export async function connected(place: ManagerPlace, options: WaitOptions, above: (...args: any[]) => unknown): Promise<Link> {
  const until = options.timeout === undefined ? Infinity : monotonicNow() + options.timeout;
  const connection: SocketConnection = await Client(place.address, { ...options, authkey: place.authkey });
  const link = new Link(connection, place);
  try {
    const left = until - monotonicNow();
    greeted(link, await within(link.call(MANAGER, HELLO, [protocol], 'Manager.connect', captureSite(above)), link, left));
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

async function within<T>(answer: Promise<T>, link: Link, ms: number): Promise<T> {
  if (ms === Infinity) return await answer;
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      link.close();
    },
    Math.min(ms, 0x7fff_ffff),
  );
  try {
    return await answer;
  } catch (error) {
    if (isLate) throw new TimeoutError(`Manager.connect(): no manager has answered at ${link.name} in time`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Connects this thread to the manager of a proxy that has come from another thread, if it is not yet, and makes the proxy. */
export function reconnected(travelling: Travelling): RemoteProxied {
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
