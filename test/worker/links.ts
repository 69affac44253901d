/** Pairs of connected links, one kind per implementation: what the conformance suite runs over. */

import { createServer, connect, type Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame } from '#src/worker/link/frame.js';
import type { Link } from '#src/worker/link/link.js';
import { MessagePortLink } from '#src/worker/link/message-port-link.js';
import { ringMemory } from '#src/worker/link/frame-ring.js';
import { RingLink } from '#src/worker/link/ring-link.js';
import { PipeLink } from '#src/worker/link/pipe-link.js';

export const pairs: Record<string, () => Promise<[Link, Link]>> = {
  'message port': async () => {
    const { port1, port2 } = new MessageChannel();
    return [new MessagePortLink(port1), new MessagePortLink(port2)];
  },
  ring: async () => {
    const { port1, port2 } = new MessageChannel();
    const given = { memory: ringMemory(), busy: new Int32Array(new SharedArrayBuffer(4)) };
    return [new RingLink({ port: port1, ...given }, () => true), new RingLink({ port: port2, ...given })];
  },
  pipe: async () => {
    const [a, b] = await socketPair();
    return [new PipeLink(a), new PipeLink(b)];
  },
};

export async function socketPair(): Promise<[Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-link-'));
  const server = createServer();
  const path = join(folder, 'socket');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(path);
  const other = await accepted;
  server.close();
  rmSync(folder, { recursive: true, force: true });
  return [client, other];
}

/** Collects what a link delivers. */
export class Reader {
  readonly frames: Frame[] = [];
  ends = 0;
  #wake: (() => void) | undefined;
  readonly #onFrame: ((frame: Frame) => void) | undefined;

  constructor(link: Link, onFrame?: (frame: Frame) => void) {
    this.#onFrame = onFrame;
    link.open({
      onFrame: (frame) => {
        if (this.#onFrame === undefined) this.frames.push(frame);
        else this.#onFrame(frame);
        this.#wake?.();
      },
      onEnd: () => {
        this.ends++;
        this.#wake?.();
      },
      onUnsent: (_frame, error) => {
        throw error;
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
