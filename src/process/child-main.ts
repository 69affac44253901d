/**
 * The first file of a `Process`. Descriptor 5 is its message file. With the argument `heap` descriptor 6 is the shared heap of the whole tree; with
 * `link` there is no lifeline, and the end of descriptor 3 tells of the parent's end.
 */

import { inspect } from 'node:util';
import { encode, type Packet } from '../codec/index.ts';
import { HeddleError } from '../errors.ts';
import { tellHeapPlace, tellThreadName } from '../handles.ts';
import { exitInOrder, openRun, prepareForLoaders, showToUser, textOf, untilSettled, watchImports, writeAtOnce } from '../worker/ground.ts';
import { net } from '../builtins.ts';
import { becomeChild, setOwn } from './identity.ts';
import { markExit, OUTCOME, readMessage, START, type StartHeader, writeMessage } from './message.ts';
import { adopt, type Process } from './process.ts';

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
  writeAtOnce(2, `Process ${name}:\n${inspect(error)}\n`);
  process.exitCode = 1;
  exitInOrder();
}

async function main(): Promise<void> {
  watchImports();
  process.on('exit', (code) => markExit(file, code));
  await prepareForLoaders();
  const given = new Set(process.argv.slice(2));
  const message = readMessage<StartHeader>(file, START);
  if (message === undefined) throw new HeddleError('a Process was started without its message');
  const { header, bytes } = message;
  const { name, daemon, path, argv, modules, parcel } = header;
  realm = header.realm;
  becomeChild(header);
  tellThreadName(name);
  if (given.has('heap')) tellHeapPlace({ descriptor: 6 });
  if (given.has('link')) endWithParent();
  process.argv.splice(1, process.argv.length, ...argv);
  try {
    process.on('uncaughtExceptionMonitor', (error) => {
      if (process.listenerCount('uncaughtException') === 0) tell(error);
    });
    const run = await openRun<Process>({ bytes, modules, attachments: [], parcel }, { kind: 'process', peer: header.realm });
    adopt(run.this, { name, daemon, path, target: run.target, args: run.args });
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

function endWithParent(): void {
  const socket = new (net().Socket)({ fd: 3, readable: true, writable: false });
  socket.on('end', () => process.exit(1)).on('error', () => process.exit(1));
  socket.resume().unref();
}

await main();
