/** The program of a peer: makes distributed objects, and calls their methods as its host says. */

import * as distributed from 'heddle/distributed';
import type { Order } from './peer.js';

const objects = new Map<number, object>();
/** Results that cannot cross, such as guards, by their numbers. */
const kept = new Map<number, object>();

process.on('message', (order: Order) => {
  void obey(order);
});

async function obey({ id, on, make, method, args }: Order): Promise<void> {
  try {
    process.send!({ id, value: await answer({ id, on, make, method, args }) });
  } catch (error) {
    const { name, message } = error as Error;
    process.send!({ id, error: { name, message } });
  }
}

async function answer({ id, on, make, method, args }: Order): Promise<unknown> {
  if (make !== undefined) {
    const Class = (distributed as unknown as Record<string, new (...args: unknown[]) => object>)[make]!;
    objects.set(id, new Class(...args));
    return id;
  }
  const object = objects.get(on) ?? kept.get(on)!;
  const member = (object as Record<string, unknown>)[method];
  const value = await (typeof member === 'function' ? (member as (...args: unknown[]) => unknown).apply(object, [...args]) : member);
  if (value instanceof AbortSignal) return { aborted: value.aborted, reason: (value.reason as Error | undefined)?.name };
  if (typeof value === 'object' && value !== null && ('release' in value || 'done' in value)) {
    kept.set(id, value);
    return { kept: id };
  }
  return value;
}

process.send!({ id: 0, value: 'ready' });
