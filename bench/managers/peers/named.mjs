// Blocks of memory by name, tracked, or not.
import { SharedMemory } from '../../../dist/index.js';
import { expect } from '../../measure.mjs';

const size = 4096;

export function openNamed(track) {
  let held;
  return {
    /** Microseconds of the first block: native calls are loaded, and the watcher is started. */
    first() {
      const begin = performance.now();
      held = new SharedMemory({ create: true, size, track });
      return (performance.now() - begin) * 1000;
    },
    turns(rounds) {
      for (let n = 0; n < rounds; n++) {
        const block = new SharedMemory({ create: true, size, track });
        block.close();
        block.unlink();
      }
    },
    attach(rounds) {
      for (let n = 0; n < rounds; n++) {
        const block = new SharedMemory({ name: held.name });
        expect(block.size, size, 'the size');
        block.close();
      }
    },
    close() {
      held.close();
      held.unlink();
    },
  };
}
