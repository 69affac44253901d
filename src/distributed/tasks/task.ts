/**
 * The code in a process of a worker: decodes a task of another machine, calls its function, and encodes the outcome. No code of a task, its
 * values included, runs in the worker's own process, which renews the locks.
 */

import {
  arriving,
  type Arrival,
  type AnyFunction,
  type Border,
  decode,
  Decoder,
  encode,
  Encoder,
  openCapsule,
  prepare,
  prepareSync,
  registerReducer,
  travelByName,
} from '../../codec/index.ts';
import { CancelledError } from '../../errors.ts';
import { expected } from '../../check.ts';
import { checkResult, type ClosableIterator, isIterable, iteratorOf } from '../../iteration.ts';
import { TypeError } from '../../refusals.ts';
import { isThenable } from '../../thenable.ts';
import { addOutcome, currentTask, encodeOutcome, untimed } from '../../worker/index.ts';
import type { Home, TaskHead } from './messages.ts';
import { packOutcome } from './outcomes.ts';
import { arrivalFrom } from './release.ts';

/** A task as its worker hands it on. */
export interface Job {
  readonly head: TaskHead;
  readonly parts: readonly Uint8Array[];
  /** Of the worker. */
  readonly home: Home;
  readonly isTrusted: boolean;
  readonly takesSource: boolean;
}

/** Where a chunk says which item it runs; element `at` of an array that its worker reads when this process has ended. */
export interface Position {
  readonly array: Int32Array;
  readonly at: number;
}

/** Opened functions by their bytes, those used last. */
const opened = new Map<string, () => AnyFunction>();
const mostOpened = 256;
const largestKey = 4096;
const initialized = new Map<string, Promise<unknown>>();

const arrivals = new Map<string, Arrival>();

function arrivalOf({ head, home, isTrusted, takesSource }: Job): Arrival {
  const key = `${head.home.release} ${head.home.heddle} ${isTrusted} ${takesSource}`;
  let arrival = arrivals.get(key);
  if (arrival === undefined) arrivals.set(key, (arrival = arrivalFrom(head.home, home, { isTrusted, takesSource })));
  return arrival;
}

const borderOf = ({ takesSource }: Job): Border => ({ kind: 'network', code: takesSource });

/** The facts that a task knows of itself are those that its caller knows. */
function introduce({ id, attempt }: Pick<TaskHead, 'id' | 'attempt'>): void {
  Object.assign(currentTask()!, { id, attempt });
}

function functionOf(job: Job, arrival: Arrival): () => AnyFunction {
  const bytes = job.parts[0]!;
  const key =
    bytes.length > largestKey
      ? undefined
      : `${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')} ${job.head.home.release} ${job.takesSource} ${job.isTrusted}`;
  const known = key === undefined ? undefined : opened.get(key);
  if (known !== undefined) return () => arriving(arrival, known);
  const open = arriving(arrival, () => openCapsule({ bytes, modules: [], attachments: [] }, borderOf(job)));
  if (key !== undefined) {
    opened.set(key, open);
    if (opened.size > mostOpened) opened.delete(opened.keys().next().value!);
  }
  return () => arriving(arrival, open);
}

/** Imports what the task names. Undefined: all is there. */
function prepared({ head, parts }: Job, arrival: Arrival): Promise<void> | undefined {
  const modules = [...(head.fnModules ?? []), ...(head.argsModules ?? []), ...(head.initModules?.flat() ?? [])];
  const loading = arriving(arrival, () => prepare({ modules }));
  if (parts.length < 4) return loading;
  return Promise.resolve(loading).then(() => untimedInit({ head, parts }, arrival));
}

/** The initializer of the task's pool runs once in each process. */
async function untimedInit({ parts }: Pick<Job, 'head' | 'parts'>, arrival: Arrival): Promise<void> {
  const [, , fn, args] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const key = Buffer.concat([fn, args]).toString('latin1');
  let done = initialized.get(key);
  if (done === undefined) {
    const border: Border = { kind: 'network', code: arrival.takesSource };
    done = (async () => {
      const open = arriving(arrival, () => openCapsule({ bytes: fn, modules: [], attachments: [] }, border));
      const given = arriving(arrival, () => decode({ bytes: args, attachments: [] }, border)) as never[];
      await arriving(arrival, open)(...given);
    })();
    initialized.set(key, done);
  }
  await done;
}

function ready(job: Job, arrival: Arrival): Promise<void> | undefined {
  const loading = prepared(job, arrival);
  return loading === undefined ? undefined : untimed(() => loading);
}

const argsOf = (job: Job, arrival: Arrival): never[] => {
  const bytes = job.parts[1]!;
  return arriving(arrival, () => decode({ bytes, attachments: [] }, borderOf(job))) as never[];
};

function outcome(job: Job, isOk: boolean, value: unknown, ms?: number): Uint8Array {
  const { isOk: isStillOk, packet } = encodeOutcome(isOk, value, borderOf(job));
  const head = { isOk: isStillOk, modules: packet.modules };
  return packOutcome(ms === undefined ? head : { ...head, ms: Math.round(ms * 1000) / 1000 }, packet.bytes);
}

/** Runs one call. What it throws is an outcome, too. */
export function runCall(job: Job): Uint8Array | Promise<Uint8Array> {
  try {
    const arrival = arrivalOf(job);
    introduce(job.head);
    const loading = ready(job, arrival);
    if (loading !== undefined) return loading.then(() => callNow(job, arrival)).catch((error: unknown) => outcome(job, false, error));
    return callNow(job, arrival);
  } catch (error) {
    return outcome(job, false, error);
  }
}

function callNow(job: Job, arrival: Arrival): Uint8Array | Promise<Uint8Array> {
  const fn = functionOf(job, arrival)();
  const args = argsOf(job, arrival);
  const began = performance.now();
  const value = fn(...args);
  if (!isThenable(value)) return outcome(job, true, value, performance.now() - began);
  return Promise.resolve(value).then(
    (settled) => outcome(job, true, settled, performance.now() - began),
    (error: unknown) => outcome(job, false, error),
  );
}

/** Runs the items of a chunk, one after another. */
export async function runChunk(job: Job, position?: Position): Promise<Uint8Array> {
  const { from, to, isSpread } = job.head.items!;
  const border = borderOf(job);
  let encoder: Encoder | undefined;
  try {
    const arrival = arrivalOf(job);
    const loading = ready(job, arrival);
    if (loading !== undefined) await loading;
    const started = performance.now();
    const task = currentTask() as { id: number; attempt: number; readonly signal: AbortSignal };
    task.attempt = job.head.attempt;
    const open = functionOf(job, arrival);
    const decoder = arriving(arrival, () => new Decoder({ bytes: job.parts[1]!, attachments: [] }, border));
    for (let i = 0; i < from; i++) skip(decoder, arrival);
    encoder = new Encoder({ border, isSeries: true });
    const failed: number[] = [];
    for (let i = from; i < to; i++) {
      if (position !== undefined) position.array[position.at] = i;
      task.id = job.head.id + i;
      let isOk = true;
      let value: unknown;
      try {
        const item = arriving(arrival, () => decoder.next());
        const fn = open() as (...args: unknown[]) => unknown;
        value = isSpread ? fn(...(item as unknown[])) : fn(item);
        if (isThenable(value)) value = await value;
      } catch (error) {
        isOk = false;
        value = error;
      }
      if (!addOutcome(encoder, isOk, value)) failed.push(i - from);
    }
    const packet = encoder.finish();
    encoder = undefined;
    return packOutcome({ isOk: true, modules: packet.modules, failed, ms: performance.now() - started }, packet.bytes);
  } catch (error) {
    encoder?.discard();
    return failAll(job, to - from, error);
  }
}

/** No item could be begun. */
function failAll(job: Job, count: number, error: unknown): Uint8Array {
  const encoder = new Encoder({ border: borderOf(job), isSeries: true });
  for (let i = 0; i < count; i++) addOutcome(encoder, false, error);
  const packet = encoder.finish();
  const failed = Array.from({ length: count }, (_, i) => i);
  return packOutcome({ isOk: true, modules: packet.modules, failed, ms: 0 }, packet.bytes);
}

/** An item that ended in an earlier attempt. */
function skip(decoder: Decoder, arrival: Arrival): void {
  try {
    arriving(arrival, () => decoder.next());
  } catch {
    // The item could not be decoded; that does not matter any more.
  }
}

/** Gives the values of a stream, some at a time; and, last, the error that ended it. */
export async function* runStream(job: Job): AsyncGenerator<Uint8Array> {
  const border = borderOf(job);
  try {
    const arrival = arrivalOf(job);
    introduce(job.head);
    const loading = ready(job, arrival);
    if (loading !== undefined) await loading;
    const fn = functionOf(job, arrival)();
    const source: unknown = await fn(...argsOf(job, arrival));
    if (!isIterable(source)) throw new TypeError(expected('what a streamed function returns', 'an iterable', source));
    for await (const value of valuesOf(iteratorOf(source, streamed))) {
      const packet = encode(value, { root: 'result', border });
      yield packOutcome({ isOk: true, modules: packet.modules }, packet.bytes);
    }
  } catch (error) {
    yield outcome(job, false, error);
  }
}

/** The name, in errors, of what is iterated over. */
const streamed = 'the stream';

/** The values of an iterator, which is closed if they are not taken to their end. */
async function* valuesOf(iterator: ClosableIterator<unknown>): AsyncGenerator {
  let isOpen = true;
  try {
    for (;;) {
      isOpen = false;
      const given = await iterator.next();
      checkResult(given, streamed);
      if (given.done === true) return;
      isOpen = true;
      yield given.value;
    }
  } finally {
    if (isOpen) await iterator.close();
  }
}

/** The parts of a sealed reason. */
interface ReasonData {
  readonly bytes: Uint8Array;
  readonly modules: readonly string[];
  readonly from: Home;
  readonly home: Home;
  readonly isTrusted: boolean;
  readonly takesSource: boolean;
}

/** The reason of an abort on its way through a worker: it is decoded where the task is. */
export class SealedReason {
  readonly data: ReasonData;

  constructor(data: ReasonData) {
    this.data = data;
  }
}

export function reduceReason({ data }: SealedReason): ReasonData {
  return data;
}

/** The reason itself; where it needs modules that are not there, an error that says no more than that. */
export function rebuildReason({ bytes, modules, from, home, isTrusted, takesSource }: ReasonData): never {
  try {
    const arrival = arrivalFrom(from, home, { isTrusted, takesSource });
    return arriving(arrival, () => {
      prepareSync(modules.map((key) => arrival.moduleHere(key)));
      return decode({ bytes, attachments: [] }, { kind: 'network', code: takesSource }) as never;
    });
  } catch (cause) {
    return new CancelledError('the task is not wanted any more', { cause }) as never;
  }
}

travelByName(SealedReason, 'distributed/tasks/task.js');
registerReducer(SealedReason, { reduce: reduceReason, rebuild: rebuildReason });
