import './multithreading-globals.mjs';
import { initRuntime, move, shutdown, spawn } from 'multithreading';
import * as tasks from './tasks.mjs';

export function open({ workers }) {
  initRuntime({ maxWorkers: workers });
  return {
    async run(task, arg) {
      // move() takes a buffer away from its sender; the other peers leave the sender its own, so this one gets a copy to lose.
      const own = ArrayBuffer.isView(arg) ? arg.slice() : arg;
      const result = await spawn(move(own), tasks[task]).join();
      if (!result.ok) throw result.error;
      return result.value;
    },
    close: () => shutdown(),
  };
}
