/** A process that is given an end of a pipe and is killed right after one of the words that it writes: `node --conditions=model pipe-victim.js ACTION PARCEL WRITE`. */

import { type Connection, Pipe } from '#src/channel/index.js';
import { tellHeapPlace } from '#src/handles.js';
import { openParcel, replaceStepper, type Stepper } from '#src/memory/index.js';
import { Lock } from '#src/sync/index.js';

const [, , action, parcel, write] = process.argv;
tellHeapPlace({ descriptor: 3 });

const real = Atomics as unknown as Record<string, (words: Int32Array, index: number, a: number, b: number) => number>;
let left = Number(write);
const stepper: Stepper = (operation, words, index, a, b) => {
  if (words === undefined) return 0;
  const result = real[operation]!(words, index, a, b);
  if (operation !== 'load' && --left === 0) process.kill(process.pid, 'SIGKILL');
  return result;
};

/** What the victim does with its end; it is killed in the middle, or ends by itself with exit code 7. */
const actions: Record<string, (end: Connection) => void> = {
  open: () => {},
  send: (end) => end.sendSync('victim'),
  sendLarge: (end) => end.sendSync({ text: 'victim', bytes: new Uint8Array(20_000).fill(9), lock: new Lock() }),
  sendEnd: (end) => {
    const [one, other] = Pipe();
    end.sendSync({ text: 'victim', end: one });
    one.close();
    other.close();
  },
  recv: (end) => void end.recvSync(0),
  recvBytes: (end) => {
    end.recvSync(0);
    end.recvBytesSync(100_000, 0);
  },
  close: (end) => end.close(),
};

// Its slot is taken before: what it writes there is tried elsewhere.
new Lock();
replaceStepper(stepper);
const [end] = openParcel(Number(parcel)) as [Connection];
actions[action!]!(end);
replaceStepper(undefined);
process.exit(7);
