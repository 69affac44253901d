/** The first file of a `Thread`. */

import { threadId, workerData } from 'node:worker_threads';
import { type Border, encode, type Packet } from '../codec/index.ts';
import { handleDoor, tellThreadName } from '../handles.ts';
import {
  hookIsSet,
  joinLoaders,
  inspected,
  MessagePortLink,
  openRun,
  prepareForLoaders,
  printAtOnce,
  printWhole,
  readNumber,
  showToUser,
  stand,
  takeAborts,
  tellNativeId,
  textOf,
  type ThreadData,
  untilSettled,
  watchImports,
} from '../worker/ground.ts';
import { getNativeId } from './current.ts';
// The class of what runs here is found among the exports of this one.
import './index.ts';
import { adopt, ENDED, EXIT_CODE, STATE, type Thread, type ThreadMessage, type ThreadOutcome } from './thread.ts';

const { ground, own } = workerData as ThreadData<ThreadMessage>;
const exit = process.exit.bind(process);
let hasFailed = false;

/** Leaves the error for the thread that started this one, in its own class where it can cross. */
function tell(error: unknown): void {
  let packet: Pick<Packet, 'bytes' | 'modules' | 'attachments' | 'transfer'> = {
    bytes: new Uint8Array(),
    modules: [],
    attachments: [],
    transfer: [],
  };
  try {
    packet = encode(error, { root: 'error', border: { kind: 'thread', peer: own.realm } });
  } catch {
    // The text stands for it.
  }
  const { bytes, modules, attachments, transfer } = packet;
  const text = textOf(error);
  own.port.postMessage({ bytes, modules, attachments, text } satisfies ThreadOutcome, [...transfer]);
}

function fail(error: unknown): void {
  if (hasFailed) return;
  hasFailed = true;
  showToUser(error);
  tell(error);
  if (readNumber(hookIsSet) === 0) printWhole(2, `Exception in thread ${own.name}:\n${inspected(error)}\n`, ground.entry);
  exit(1);
}

async function main(): Promise<void> {
  watchImports();
  stand(ground);
  printAtOnce(ground.entry);
  const nativeId = getNativeId();
  if (nativeId !== null) tellNativeId(ground.entry, nativeId);
  process.on('exit', (code) => {
    Atomics.store(own.control, EXIT_CODE, (code & 0xff) + 1);
    handleDoor()?.ends();
    // ORDER: last; a reader that sees the end sees the exit code.
    Atomics.store(own.control, STATE, ENDED);
    Atomics.notify(own.control, STATE);
  });
  process.on('uncaughtException', (error) => {
    // A handler of the user's has dealt with it.
    if (process.listenerCount('uncaughtException') === 1) fail(error);
  });
  const { name, daemon, realm, bytes, attachments, modules, parcel, control } = own;
  try {
    await prepareForLoaders();
    await joinLoaders();
    tellThreadName(name);
    const border: Border = { kind: 'thread', peer: realm };
    const begin = own.aborts === undefined ? undefined : takeAborts(new MessagePortLink(own.aborts), border, () => {});
    const run = await openRun<Thread>({ bytes, modules, attachments, parcel }, border);
    begin?.();
    adopt(run.this, { name, daemon, target: run.target, args: run.args, ident: threadId + 1, nativeId }, control);
    await untilSettled(() => run.this.run(), name, fail);
  } catch (error) {
    fail(error);
  }
}

await main();
