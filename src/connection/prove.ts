/** Drives one end of the proof over a socket, within a time. */

import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from '../real-timers.ts';
import type { Handshake, Progress } from './handshake.ts';

/** How it ended. */
export type Proof = { readonly rest: Uint8Array } | { readonly why: string; readonly cause?: Error | undefined };

/**
 * Proves, or is proved to. A socket that failed is closed. `ended` is called once, while the socket is paused.
 *
 * @param ms from now; what is not proved then is refused
 */
export function prove(socket: Socket, handshake: Handshake, ms: number, ended: (proof: Proof) => void): void {
  const timer = setTimeout(() => finish({ why: `it proved nothing within ${ms} ms` }), ms).unref();
  let isOver = false;
  const finish = (proof: Proof): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    socket.off('data', onData).off('end', onEnd).off('close', onEnd);
    socket.pause();
    if ('why' in proof) {
      // A last word may be under way.
      socket.destroySoon();
      socket.resume();
    } else socket.off('error', onError);
    ended(proof);
  };
  const step = (progress: Progress): void => {
    if (progress.send !== undefined) socket.write(progress.send);
    if (progress.state === 'refused') finish({ why: progress.why });
    else if (progress.state === 'proved') finish({ rest: progress.rest });
  };
  const onData = (chunk: Uint8Array): void => step(handshake.push(chunk));
  const onEnd = (): void => finish({ why: 'it closed the connection before anything was proved' });
  const onError = (cause: Error): void => finish({ why: `the connection broke: ${cause.message}`, cause });
  socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  step(handshake.begin());
}
