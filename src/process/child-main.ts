/**
 * The first file of a `Process`. Descriptor 5 is its message file. With the argument `heap`, descriptor 6 is the shared heap of the whole
 * tree. With `link` there is no lifeline, and the end of descriptor 3 shows the parent's end. With `blank` it waits for its order
 * (`blank.ts`).
 */

import type { Socket } from 'node:net';
import { type Border, encode, type Packet } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import { tellHeapPlace, tellThreadName } from '../handles.ts';
import {
  adoptHandover,
  chooseMethod,
  exitInOrder,
  inspected,
  openRun,
  PipeLink,
  prepareForLoaders,
  setIdentity,
  showToUser,
  takeAborts,
  textOf,
  untilSettled,
  watchImports,
  writeAtOnce,
} from '../worker/ground.ts';
import { net } from '../builtins.ts';
import { setOwn } from './identity.ts';
import { isInterrupted, markExit, OUTCOME, START, type StartHeader } from './message.ts';
import { readMessage, writeMessage } from '../platform/index.ts';
// The class of what runs here is found among the exports of this one.
import './index.ts';
import type { Process } from './process.ts';
import { adopt } from './state.ts';

const file = 5;
let hasFailed = false;

/** Leaves the error for the parent, in its own class where it can cross. */
function tell(error: unknown): void {
  const text = textOf(error);
  let packet: Pick<Packet, 'bytes' | 'modules'> = { bytes: new Uint8Array(), modules: [] };
  try {
    packet = encode(error, { root: 'error', border: { kind: 'process', peer: realm } });
  } catch {
    // The parent has the text.
  }
  writeMessage(file, OUTCOME, { modules: packet.modules, text }, packet.bytes);
}

let realm: string | undefined;

function fail(error: unknown, name: string): void {
  if (hasFailed) return;
  hasFailed = true;
  showToUser(error);
  tell(error);
  writeAtOnce(2, `Process ${name}:\n${inspected(error)}\n`);
  process.exitCode = 1;
  exitInOrder();
}

async function main(): Promise<void> {
  const given = new Set(process.argv.slice(2));
  // Modules that a blank process loads ahead may make shared objects.
  if (given.has('heap')) tellHeapPlace({ descriptor: 6 });
  await prepareForLoaders();
  let socket: Socket | undefined;
  if (given.has('blank')) {
    const { awaitOrder, becomeWorker } = await import('./blank.ts');
    socket = await awaitOrder(file);
    if (await becomeWorker(file, socket, given)) return;
    // From here on the system's default ends this process; a signal that came before was ignored.
    if (isInterrupted(file)) process.kill(process.pid, 'SIGINT');
  }
  watchImports();
  process.on('exit', (code) => markExit(file, code));
  const message = readMessage<StartHeader>(file, START);
  if (message === undefined) throw new HeddleError('a Process was started without its message');
  const { header, bytes } = message;
  const { name, daemon, path, argv, modules, parcel, method, handover } = header;
  realm = header.realm;
  setIdentity({ name, path, daemon, parent: header.parent });
  tellThreadName(name);
  const border: Border = { kind: 'process', peer: realm };
  let begin: (() => void) | undefined;
  if (header.hasSignals)
    begin = takeAborts(new PipeLink(socket ?? parentSocket()), border, given.has('link') ? () => process.exit(1) : () => {});
  else if (given.has('link')) endWithParent(socket ?? parentSocket());
  else socket?.destroy();
  chooseMethod(method, true);
  process.argv.splice(1, process.argv.length, ...argv);
  try {
    if (handover !== undefined) adoptHandover(handover);
    process.on('uncaughtExceptionMonitor', (error) => {
      if (process.listenerCount('uncaughtException') === 0) tell(error);
    });
    const run = await openRun<Process>({ bytes, modules, attachments: [], parcel }, border);
    begin?.();
    const self = { ident: process.pid, send: (signal: NodeJS.Signals) => void process.kill(process.pid, signal) };
    adopt(run.this, { name, daemon, path, target: run.target, args: run.args }, self);
    setOwn(run.this as Process & { pid: number });
    await untilSettled(
      () => run.this.run(),
      name,
      (error) => fail(error, name),
    );
  } catch (error) {
    fail(error, name);
  }
}

function parentSocket(): Socket {
  return new (net().Socket)({ fd: 3, readable: true, writable: true });
}

function endWithParent(socket: Socket): void {
  socket.on('end', () => process.exit(1)).on('error', () => process.exit(1));
  socket.resume().unref();
}

await main();
