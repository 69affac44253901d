/** Proxies of what a manager keeps, and how they call it. */

export { callback, Calls, whileUpdating } from './calls.ts';
export { argumentRoots, replyNamed } from './arguments.ts';
export { clientOf, type QueueClient } from './client.ts';
export { DROP, type Extras, HOLD } from './extras.ts';
export { connected, greeting, reconnected, setHome } from './connect.ts';
export type { Link, ManagerPlace } from './link.ts';
export { RemoteProxied, signalOfCall } from './remote.ts';
export { type End, type Received, Wire } from './wire.ts';
export { wireKinds } from './wire-kinds.ts';
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
  MARK,
  type Reply,
  type Request,
  RUNNING,
  SHUTDOWN,
  STATISTICS,
  UNREADABLE,
  VALUE,
} from './protocol.ts';
export { type Description, GET, ITERATE, PIPELINE, recordedCalls, SET } from './methods.ts';
export { heldOf, makeProxy, numberOf, Proxied, release, serverOf } from './proxy.ts';
