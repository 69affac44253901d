/** Greenlets by hand: two functions switch to each other in the middle; the order of the lines is exact. */

import { greenlet } from 'heddle/coroutine';

const eating = greenlet(function* (name: string) {
  console.log(`${name} eats 1`);
  yield* playing.switch('Lee');
  console.log(`${name} eats 2`);
  yield* playing.switch();
});
const playing = greenlet(function* (name: string) {
  console.log(`${name} plays 1`);
  yield* eating.switch();
  console.log(`${name} plays 2`);
});

eating.switch('Kim'); // the first switch gives the arguments
console.log(eating.dead, playing.dead);
