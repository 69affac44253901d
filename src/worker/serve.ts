/** Makes this process a worker of the pool at the other end of a socket. */

import type { Socket } from 'node:net';
import type { Border } from '../codec/index.ts';
import { PipeMark, noMark } from './inside/begun-mark.ts';
import { exitInOrder } from './inside/exit.ts';
import { PipeLink } from './link/pipe-link.ts';
import { Runner } from './inside/runner.ts';

/**
 * The shared heap has been told, where there is one.
 *
 * @param given arguments of the process: `heap`, `marks`
 * @param marks the descriptor into which begun tasks are marked
 */
export function serveHost(socket: Socket, given: ReadonlySet<string>, marks: number): void {
  const border: Border = { kind: 'process', apart: given.has('heap') ? undefined : 'its host shares no memory with it' };
  new Runner(new PipeLink(socket), border, exitInOrder, given.has('marks') ? new PipeMark(marks) : noMark).start();
}
