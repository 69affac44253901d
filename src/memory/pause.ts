/**
 * `idle(turns)` does nothing between two looks at a word, so that its writer is not disturbed. `pause()` is called once each time round by
 * a loop that looks at a word again and again. The processor is told of the spin loop where Node can say so. In the tests' model, the
 * thread then has nothing to do until another one has made a step; without that, a spinning loop would have endless schedules.
 */

export { idle, pause } from '#atomics';
