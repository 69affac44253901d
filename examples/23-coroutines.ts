/** Two coroutines: while one sleeps three seconds, the other goes on. Their results are in `.value`. */

import { joinAll, sleep, spawn } from 'heddle/coroutine';

function* washing(name: string) {
  console.log(`${name}: starts the machine`);
  yield* sleep(3000);
  console.log(`${name}: the machine is ready`);
  return `${name} has clean clothes`;
}

function* reading(name: string) {
  for (const chapter of ['one', 'two', 'three']) {
    console.log(`${name}: reads chapter ${chapter}`);
    yield* sleep(500);
  }
  return `${name} has read three chapters`;
}

const begin = performance.now();
const ended = await joinAll([spawn(washing, 'Kim'), spawn(reading, 'Lee')]); // in the order of their ends
for (const { value } of ended) console.log(value);
console.log(`${Math.floor((performance.now() - begin) / 1000)} seconds, not ${(3000 + 3 * 500) / 1000}`);
