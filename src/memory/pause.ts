/**
 * `idle(turns)`: doing nothing between two looks at a word, so that who has it is not disturbed by them. `pause()`: what a loop calls that looks at a word again and again, once each time round. The processor is told that somebody else is
 * waited for, where Node can say so; otherwise nothing happens. For the tests' model the thread has nothing to do until another one has made a
 * step: without it a loop that spins would have no end of schedules.
 */

export { idle, pause } from '#atomics';
