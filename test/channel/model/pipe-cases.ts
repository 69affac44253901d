/**
 * The cases of pipes under every schedule of a few threads, on the real heap. Messages come once and in order. The end of file comes when
 * the last owner of the other end has closed it or has died at any step, never before, and the heap keeps nothing. Each thread receives its
 * ends in a parcel.
 */

import assert from 'node:assert/strict';
import { type Connection, Pipe, waitReady } from '#src/channel/index.js';
import { MAX } from '#src/channel/record.js';
import { outgoingOf } from '#src/channel/pipe/end.js';
import { EOFError } from '#src/errors.js';
import { Pending } from '#src/loop/index.js';
import { blockOf, collect, makeParcel, openParcel, segmentSize, theAgent } from '#src/memory/index.js';
import { slotId } from '#src/testing/model/names.js';
import { type ModelEnd, type ModelOptions, once, turn } from '#src/testing/model/index.js';
import { dontSpin } from '#src/sync/acquire/spin.js';
import { settled } from '../../sync/model/loop.js';
import { checkHeap } from '../../memory/check-heap.js';

dontSpin();

interface Scene {
  /** A parcel for each thread, with its ends. */
  readonly parcels: readonly number[];
  /** Messages whose send has returned, and those that came, in order. */
  readonly sent: number[];
  readonly got: number[];
  /** The final reports of the threads. */
  readonly told: string[];
}

/** Words of a heap that has parcels and ledgers. */
const realHeap = segmentSize / 4;

const maxSteps = 50_000;

/** @param deal which ends of the pipe each thread is given */
const sceneOf =
  (deal: (reader: Connection<any>, writer: Connection<any>) => readonly (readonly Connection[])[], isNarrow: boolean = false) =>
  (): Scene => {
    const [reader, writer] = Pipe<any>(false);
    if (isNarrow) {
      const { words, at } = outgoingOf(blockOf(writer))!;
      words[at + MAX] = 1;
    }
    const dealt = deal(reader, writer);
    // As a link does, a parcel ends with the thread that it is for.
    const parcels = dealt.map((ends, number) => makeParcel(ends, { host: slotId(number + 1), link: number + 1 }));
    for (const end of new Set([reader, writer, ...dealt.flat()])) end.close();
    return { parcels, sent: [], got: [], told: [] };
  };

const endsOf = (scene: Scene, thread: number): Connection<any>[] => openParcel(scene.parcels[thread]!) as Connection[];

const tell = (scene: Scene, what: string): void => once(() => void scene.told.push(what));

function isEof(error: unknown): true {
  if (!(error instanceof EOFError)) throw error;
  return true;
}

function sendAll(scene: Scene, end: Connection<number>, first: number, count: number): void {
  for (let message = first; message < first + count; message += 1) {
    end.sendSync(message);
    once(() => void scene.sent.push(message));
  }
}

const sender = (thread: number, first: number, count: number) =>
  function sender(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    sendAll(scene, end, first, count);
    end.close();
  };

/** One that goes on until it is told that the other end has no owner. */
const persistent = (thread: number) =>
  function persistent(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    try {
      for (let message = 1; ; message += 1) sendAll(scene, end, message, 1);
    } catch (error) {
      if (isEof(error)) tell(scene, 'sender: EOFError');
    }
  };

function receiveAll(scene: Scene, end: Connection<number>): void {
  try {
    for (;;) {
      const message = end.recvSync();
      once(() => void scene.got.push(message));
    }
  } catch (error) {
    if (isEof(error)) tell(scene, 'receiver: EOFError');
  }
}

const receiver = (thread: number) =>
  function receiver(scene: Scene): void {
    receiveAll(scene, endsOf(scene, thread)[0]!);
  };

const loop = (thread: number) =>
  function loop(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    try {
      for (;;) {
        const message = settled(end.recv());
        once(() => void scene.got.push(message));
      }
    } catch (error) {
      if (isEof(error)) tell(scene, 'receiver: EOFError');
    }
  };

/** Receives `count` messages, and closes its end. */
const choosy = (thread: number, count: number) =>
  function choosy(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    for (let n = 0; n < count; n += 1) {
      const message = end.recvSync();
      once(() => void scene.got.push(message));
    }
    end.close();
  };

const poller = (thread: number) =>
  function poller(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    assert.equal(end.pollSync({}), true);
    tell(scene, 'polled');
    end.close();
  };

/** Waits for two ends, and takes from neither. */
const watcher = (thread: number) =>
  function watcher(scene: Scene): void {
    const ends = endsOf(scene, thread);
    const ready = settled(waitReady(ends));
    assert.ok(ready.length > 0);
    tell(scene, 'ready');
    for (const end of ends) end.close();
  };

/** One whose receive is ended from outside after some turns. */
const aborted = (thread: number) =>
  function aborted(scene: Scene): void {
    const [end] = endsOf(scene, thread) as [Connection<number>];
    const pending = end.recv();
    pending.catch(() => {});
    if (pending instanceof Pending && pending.isPending) turn();
    end.close();
    try {
      const message = settled(pending);
      once(() => void scene.got.push(message));
    } catch {
      tell(scene, 'aborted');
    }
  };

/** Sends its second end through the first, and has neither any more. */
const passing = (thread: number) =>
  function passing(scene: Scene): void {
    const [carrier, passed] = endsOf(scene, thread) as [Connection, Connection<number>];
    sendAll(scene, passed, 1, 1);
    try {
      carrier.sendSync(passed);
    } catch (error) {
      isEof(error);
    }
    passed.close();
    carrier.close();
  };

/** The same, and no more. */
const handing = (thread: number) =>
  function handing(scene: Scene): void {
    const [carrier, passed] = endsOf(scene, thread) as [Connection, Connection<number>];
    carrier.sendSync(passed);
    passed.close();
  };

/** Receives an end, if one comes, and sends on it. */
const taking = (thread: number) =>
  function taking(scene: Scene): void {
    const [carrier] = endsOf(scene, thread) as [Connection<Connection<number>>];
    let end: Connection<number>;
    try {
      end = carrier.recvSync();
    } catch (error) {
      isEof(error);
      return;
    }
    sendAll(scene, end, 11, 1);
    end.close();
  };

/** Two pipes: the ends of the second go with the first. */
const sceneOfPassing = (): Scene =>
  sceneOf((reader, writer) => {
    const [inner, outer] = Pipe<any>(false);
    return [[reader], [inner], [outer, writer]];
  })();

const inOrder = (messages: readonly number[]): readonly number[] => messages.toSorted((one, other) => one - other);

/** The heap is whole, and holds no more than the ledgers of the living. */
function isClean(): void {
  collect();
  const { blocks, reached } = checkHeap(theAgent().memory);
  assert.deepEqual(
    [...blocks].filter((ref) => !reached.has(ref)),
    [],
    'garbage is left',
  );
}

function complete(scene: Scene): void {
  assert.deepEqual(inOrder(scene.got), inOrder(scene.sent));
  for (const base of [0, 10]) {
    const own = scene.got.filter((message) => message > base && message <= base + 10);
    assert.deepEqual(own, inOrder(own), 'out of order');
  }
  assert.ok(scene.told.includes('receiver: EOFError'), 'the receiver was not told of the end');
  isClean();
}

/** After a death of a sender: what was sent came, and one message may have come whose send did not return. */
function survived(scene: Scene, { dead }: ModelEnd): void {
  const extra = scene.got.filter((message) => !scene.sent.includes(message));
  assert.ok(extra.length <= dead.length, 'a message came that was not sent');
  assert.deepEqual(inOrder(scene.got.filter((message) => scene.sent.includes(message))), inOrder(scene.sent));
  assert.equal(new Set(scene.got).size, scene.got.length, 'a message came twice');
  assert.ok(scene.told.includes('receiver: EOFError'), 'the receiver was not told of the end');
  isClean();
}

function senderWasTold(scene: Scene): void {
  assert.ok(scene.told.includes('sender: EOFError'), 'the sender was not told');
  const got = scene.got.length;
  assert.deepEqual(
    scene.got,
    Array.from({ length: got }, (_, n) => n + 1),
  );
  isClean();
}

export const cases: Record<string, ModelOptions<Scene>> = {
  'a sender that closes': {
    threads: [sender(0, 1, 2), receiver(1)],
    setup: sceneOf((reader, writer) => [[writer], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a sender that closes beside an event loop': {
    threads: [sender(0, 1, 1), loop(1)],
    setup: sceneOf((reader, writer) => [[writer], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'two owners of the end that sends': {
    threads: [sender(0, 1, 1), sender(1, 11, 1), receiver(2)],
    setup: sceneOf((reader, writer) => [[writer], [writer], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a death of a sender': {
    threads: [receiver(0), sender(1, 1, 2)],
    setup: sceneOf((reader, writer) => [[reader], [writer]]),
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [1],
    words: realHeap,
    maxSteps,
  },
  'a death of a sender beside an event loop': {
    threads: [loop(0), sender(1, 1, 1)],
    setup: sceneOf((reader, writer) => [[reader], [writer]]),
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [1],
    words: realHeap,
    maxSteps,
  },
  'a death of one of two owners': {
    threads: [sender(0, 1, 1), sender(1, 11, 1), receiver(2)],
    setup: sceneOf((reader, writer) => [[writer], [writer], [reader]]),
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [0, 1],
    words: realHeap,
    maxSteps,
  },
  'a receiver that closes while a sender waits for room': {
    threads: [persistent(0), choosy(1, 1)],
    setup: sceneOf((reader, writer) => [[writer], [reader]], true),
    after: senderWasTold,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a death of a receiver while a sender waits for room': {
    threads: [persistent(0), choosy(1, 2)],
    setup: sceneOf((reader, writer) => [[writer], [reader]], true),
    after: senderWasTold,
    preemptions: 0,
    deaths: 1,
    mayDie: [1],
    words: realHeap,
    maxSteps,
  },
  'a poll before a receive': {
    threads: [sender(0, 1, 1), poller(1), receiver(2)],
    setup: sceneOf((reader, writer) => [[writer], [reader], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a wait for many before a receive': {
    threads: [sender(0, 1, 1), watcher(1), receiver(2)],
    setup: sceneOf((reader, writer) => [[writer], [reader], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a receive whose handle is closed': {
    threads: [sender(0, 1, 1), aborted(1), receiver(2)],
    setup: sceneOf((reader, writer) => [[writer], [reader], [reader]]),
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'an end that is passed on': {
    threads: [receiver(0), taking(1), passing(2)],
    setup: sceneOfPassing,
    after: complete,
    preemptions: 1,
    words: realHeap,
    maxSteps,
  },
  'a death of a sender that has waited for room': {
    threads: [sender(0, 1, 3), receiver(1)],
    setup: sceneOf((reader, writer) => [[writer], [reader]], true),
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [0],
    words: realHeap,
    maxSteps,
  },
  'a death of the thread that passes an end on': {
    threads: [receiver(0), taking(1), handing(2)],
    setup: sceneOfPassing,
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [2],
    words: realHeap,
    maxSteps,
  },
  'a death of the thread to which an end is passed on': {
    threads: [receiver(0), taking(1), passing(2)],
    setup: sceneOfPassing,
    after: survived,
    preemptions: 0,
    deaths: 1,
    mayDie: [1],
    words: realHeap,
    maxSteps,
  },
};
