/** How a thread meets the heap. For now each has one of its own. */

import { type Agent, setAttach } from './agent.ts';
import { LoopWaits } from './async-waits.ts';
import { type Memory, segmentSize } from './memory.ts';

function ownMemory(): Memory {
  const segments: Int32Array[] = [];
  return {
    kind: 'array',
    crossesProcesses: false,
    segment: (number) => (segments[number] ??= new Int32Array(new SharedArrayBuffer(segmentSize))),
    grow: () => {},
    discard: () => {},
    sleep(place, expected, ms) {
      Atomics.wait(this.segment(Math.floor(place / segmentSize)), (place % segmentSize) / 4, expected, ms);
    },
    wake(place, count) {
      Atomics.notify(this.segment(Math.floor(place / segmentSize)), (place % segmentSize) / 4, count);
    },
    now: () => Math.trunc(performance.now()),
    identity: () => ({ pid: process.pid, tid: 1, processStart: 0, threadStart: 0 }),
    isAlive: () => true,
    openBell: () => ({ address: { descriptor: 0, inode: 0 }, ref() {}, unref() {}, close() {} }),
    ring() {},
  };
}

setAttach((): Agent => {
  const memory = ownMemory();
  return { id: 1 << 12, memory, waits: new LoopWaits(memory, 1 << 12) };
});
