/** Door of the platform floor: what only native calls can do. Nothing is loaded before one is made; without them each says what is missing. */

/** What is there and what is not. */
export { features, type Features } from './features.ts';
/** A child that ends with its parent. */
export { Lifeline } from './lifeline.ts';
/** Pipes whose ends pass to a child by number. */
export { type Pipe, capacityOf, closeEnd, dontBlock, hold, openPipe } from './pipe.ts';
/** Threads and children, asked without an event loop. */
export { type ExitStatus, exitStatusOf, gettid, tgkill } from './processes.ts';
