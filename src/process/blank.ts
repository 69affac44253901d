/** A blank process, seen from inside: it loads what it may need, and waits for its order (`worker/host/blanks.ts`). */

import { messageOf } from '../errors.ts';
import type { Socket } from 'node:net';
import { net } from '../builtins.ts';
import { type Border, importFrom } from '../codec/index.ts';
import { placeOf } from '../places.ts';
import { kindOfMessage, readMessage, writeMessage } from '../platform/index.ts';
import { Process } from './process.ts';
import {
  adoptHandover,
  encodeRun,
  openRun,
  PRELOAD,
  type PreloadHeader,
  READY,
  type ReadyHeader,
  WORKER,
  type WorkerHeader,
} from '../worker/ground.ts';

// Preloaded modules may replace process.exit.
const exit = process.exit.bind(process);

/** Resolves to the socket to the parent when the order stands in the message file. */
export async function awaitOrder(file: number): Promise<Socket> {
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  const socket = new (net().Socket)({ fd: 3, readable: true, writable: true });
  // Also while its modules are loaded: without a lifeline this is all that tells of the parent's end.
  const end = (): void => exit(0);
  socket.on('end', end).on('error', end);
  const failures: string[] = [];
  const { modules, from, argv } = readMessage<PreloadHeader>(file, PRELOAD)!.header;
  process.argv.splice(1, process.argv.length, ...argv);
  await import(placeOf('index.js').href);
  await rehearse();
  for (const module of modules) {
    try {
      await importFrom(from, module);
    } catch (error) {
      failures.push(`${module} could not be preloaded: ${messageOf(error)}`);
    }
  }
  writeMessage(file, READY, { failures } satisfies ReadyHeader);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      // One byte: what follows it is the host's of a worker.
      if (socket.read(1) === null) return;
      socket.off('readable', look).off('end', end).off('error', end);
      resolve();
    };
    socket.on('readable', look);
  });
  process.off('SIGINT', ignore);
  return socket;
}

/** Runs through what a start runs through: code that has run once is compiled, and modules that it needs are loaded. */
async function rehearse(): Promise<void> {
  const border: Border = { kind: 'process' };
  const { packet } = encodeRun({ target: Math.max, args: [1, 'text', [true]], this: Object.create(Process.prototype) as Process }, border);
  await openRun({ ...packet, parcel: 0 }, border);
}

/** Becomes the worker of a pool, if this is the order. */
export async function becomeWorker(file: number, socket: Socket, given: ReadonlySet<string>): Promise<boolean> {
  if (kindOfMessage(file) !== WORKER) return false;
  adoptHandover(readMessage<WorkerHeader>(file, WORKER)!.header.handover);
  const { serveHost } = await import('../worker/serve.ts');
  serveHost(socket, given, 7);
  return true;
}
