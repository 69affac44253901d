/** `heddle/coroutine`: many small concurrent things in one thread. Nothing here is shared with other threads or copied. */

/** greenlet's switch by hand. */
export { getcurrent, greenlet, type RawGreenlet } from './raw-greenlet.ts';
export { GreenletExit } from './greenlet-exit.ts';
