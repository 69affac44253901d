/** Proxies of what a manager keeps, and how they call it. */

export { callback, type Client, clientOf, whileUpdating } from './client.ts';
export {
  ANSWER,
  CALLBACK,
  CHECK,
  CREATE,
  ERROR,
  FORGET,
  GONE,
  HELLO,
  isCallbackRef,
  MANAGER,
  type Reply,
  type Request,
  SHUTDOWN,
  STATISTICS,
  UNREADABLE,
  VALUE,
} from './protocol.ts';
export { type Description, GET, heldOf, ITERATE, makeProxy, PIPELINE, Proxied, recordedCalls, release, SET } from './proxy.ts';
