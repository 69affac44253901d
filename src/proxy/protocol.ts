/**
 * The messages in the queues between a manager and its clients.
 *
 *   request   [client, call, object, method, ...arguments]     call 0: nothing is answered
 *   reply     [call, VALUE or ERROR, value]   or   [number of a callback, CALLBACK, number of the answer, ...arguments], answered by a request
 *             or   [number of a callback, FORGET]
 *
 * An unreadable message is lost, and its call is not known. Its end finds that out: it asks (CHECK) which of the waiting calls are not at
 * work.
 *
 *   reply     [0, UNREADABLE, error]: a request was lost   ──▶   request CHECK [calls that wait]   ──▶   reply [call, GONE] for each that is lost
 *
 * The answer of a callback may be lost, too, or its call:
 *
 *   request CHECK   ──▶   reply [mark, MARK], behind all calls of callbacks   ──▶   request RUNNING mark [answers to come]: all others before the mark are lost
 */

/** The manager itself, as the object of a request. */
export const MANAGER = 0;

/** Methods of the manager. */
export const HELLO = 'hello';
export const CREATE = 'create';
export const ANSWER = 'answer';
export const CHECK = 'check';
export const RUNNING = 'running';
export const STATISTICS = 'statistics';
export const SHUTDOWN = 'shutdown';

export const VALUE = 0;
export const ERROR = 1;
export const CALLBACK = 2;
/** The manager cannot call it any more. */
export const FORGET = 3;
/** A request could not be read. */
export const UNREADABLE = 4;
/** The call, or its reply, could not be read. */
export const GONE = 5;
/** Asks which callbacks run. */
export const MARK = 6;

export type Request = readonly [client: number, call: number, object: number, method: string, ...args: unknown[]];
export type Reply = readonly [call: number, kind: number, ...rest: unknown[]];

/** A function of a client that the manager calls there. */
export interface CallbackRef {
  readonly '@@heddle.callback': number;
}

export const isCallbackRef = (value: unknown): value is CallbackRef =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, '@@heddle.callback');
