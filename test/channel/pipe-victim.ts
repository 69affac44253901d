/** A process that is given an end of a pipe and is killed right after one of the words that it writes: `node --conditions=model pipe-victim.js ACTION PARCEL WRITE`. */

import { type Connection, Pipe } from '#src/channel/index.js';
import { tellHeapPlace } from '#src/handles.js';
import { openParcel } from '#src/memory/index.js';
import { Lock } from '#src/sync/index.js';
import { killedAt } from './killed-at.js';

const [, , action, parcel, write] = process.argv;
tellHeapPlace({ descriptor: 3 });

/** The victim's actions with its end; it is killed in the middle, or ends by itself with exit code 7. */
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

// Takes its slot before: the writes for that are tried elsewhere.
new Lock();
killedAt(Number(write), () => {
  const [end] = openParcel(Number(parcel)) as [Connection];
  actions[action!]!(end);
});
