/** The two forms of each call that waits, as one call: in workers this module is imported again, so it knows of nothing but the objects. */

import type { Barrier, Condition, Event, Lock, RLock, Semaphore, WaitOptions } from 'heddle';

export type Form = 'async' | 'sync';
export const forms: readonly Form[] = ['async', 'sync'];

type Acquirable = Lock | RLock | Semaphore | Condition;
type Limit = number | WaitOptions;

export const acquire = async (form: Form, what: Acquirable, o?: Limit): Promise<boolean> =>
  form === 'sync' ? what.acquireSync(o) : what.acquire(o);

export const hold = async (form: Form, what: Acquirable, o?: Limit): Promise<Disposable> =>
  form === 'sync' ? what.holdSync(o) : what.hold(o);

export const waitFor = async (form: Form, what: Event | Condition, o?: Limit): Promise<boolean> =>
  form === 'sync' ? what.waitSync(o) : what.wait(o);

export const meet = async (form: Form, what: Barrier, o?: Limit): Promise<number> => (form === 'sync' ? what.waitSync(o) : what.wait(o));

/** Never ends by itself, and keeps its worker alive. */
export const never = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));
