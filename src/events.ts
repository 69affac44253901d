/**
 * The events: every `diagnostics_channel` that heddle publishes on, with its payload. `NODE_DEBUG=heddle` prints them. Without an observer
 * nothing is built or published.
 */

import { channel, type Channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

/** Channel names (`heddle:` + key) and what each message holds. */
export interface Events {
  /** A worker runs and can take tasks. */
  workerStarted: { kind: 'thread' | 'process'; pid: number; threadId: number | null };
  /** A worker ended: by itself, by order or by accident. */
  workerEnded: { kind: 'thread' | 'process'; pid: number | null; threadId: number | null; exitCode: number | null; signal: string | null };
  /** A task was handed to a worker; `queued` is how long it waited, in milliseconds. */
  taskStarted: { pool: string; id: number; name: string; queued: number };
  /** A task's future settled; `ms` counts from its dispatch. */
  taskSettled: { pool: string; id: number; name: string; ms: number; ok: boolean };
  /** A function was read for shipping; `how` says by what way it goes. Inline closures with one text and no free name are read once. */
  functionCaptured: { name: string; how: 'reference' | 'value'; ms: number };
  /**
   * Functions made at one place of the source were read for the 100th, 1,000th, 10,000th … time, which took `ms` milliseconds in all.
   * `file` is a URL, or a name where the code has no file. Hoisting the function saves that: docs/functions.md.
   */
  functionRecaptured: { file: string; line: number; count: number; ms: number };
}

const debug = debuglog('heddle');
const isDebugging = debug.enabled;
const channels: Readonly<Record<keyof Events, Channel>> = {
  workerStarted: channel('heddle:workerStarted'),
  workerEnded: channel('heddle:workerEnded'),
  taskStarted: channel('heddle:taskStarted'),
  taskSettled: channel('heddle:taskSettled'),
  functionCaptured: channel('heddle:functionCaptured'),
  functionRecaptured: channel('heddle:functionRecaptured'),
};

/** True while this event has an observer. */
export function isObserved(name: keyof Events): boolean {
  return isDebugging || channels[name].hasSubscribers;
}

/** True while the beginnings or the ends of tasks have an observer. */
export function areTasksObserved(): boolean {
  return isDebugging || channels.taskStarted.hasSubscribers || channels.taskSettled.hasSubscribers;
}

/** Publishes one event. `payload` is a function, so that nothing is built without an observer. */
export function publish<K extends keyof Events>(name: K, payload: () => Events[K]): void {
  if (!isObserved(name)) return;
  const message = payload();
  if (isDebugging) debug('%s %o', name, message);
  channels[name].publish(message);
}
