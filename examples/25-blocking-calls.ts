/** A blocking call stops every coroutine of the thread: `monkey.patchAll()` names it, `toThread` cures it. */

import { joinAll, monkey, sleep, spawn, toThread } from 'heddle/coroutine';

/** Keeps its thread for a second and a bit, as `readFileSync` of a slow disk does. */
function machine(clothes: string) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
  return `clean ${clothes}`;
}

function* washing(clothes: string, isCured: boolean) {
  console.log('Kim loads the machine');
  yield* sleep(1);
  console.log(`Kim has ${isCured ? yield* toThread(machine, clothes) : machine(clothes)}`);
}

function* reading() {
  for (const chapter of ['one', 'two', 'three']) {
    console.log(`Lee reads chapter ${chapter}`);
    yield* sleep(10);
  }
}

monkey.patchAll({
  onBlock: ({ name, ms, stack }) => console.log(`! ${name} ${/at \w+/.exec(stack)?.[0]}: ${Math.floor(ms / 1000)} second lost`),
  longerThan: Infinity, // calls only; otherwise long steps are found, too
});
await joinAll([spawn(washing, 'shirts', false), spawn(reading)]);
await joinAll([spawn(washing, 'socks', true), spawn(reading)]);
monkey.unpatchAll();
