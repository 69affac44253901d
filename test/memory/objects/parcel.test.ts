/** Parcels: the content stays while it is in flight, arrives once, and goes when no thread can open it any more. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { adopt, allocateOwned, become, blockAt, dropListed } from '#src/memory/index.js';
import { collectGarbage } from '#src/memory/collect/garbage.js';
import { dropParcel, dropParcels, holdParcel, leaveParcel, makeParcel, openParcel, unpack } from '#src/memory/objects/parcel.js';
import { blockOf, defineKind, isShared, joinObject, type ObjectKind, refOf, SharedObject } from '#src/memory/objects/shared-object.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from '../check-heap.ts';
import { type PlainThread, PlainWorld } from '../heap/plain-memory.ts';

const kind: ObjectKind = defineKind({ number: 231, name: 'Item', words: 20, create: () => new Item() });

class Item extends SharedObject {
  constructor(value = 0) {
    super(kind, ({ words, at }) => void (words[at + 2] = value));
  }

  get value(): number {
    const { words, at } = blockOf(this);
    return words[at + 2]!;
  }
}

const pairKind: ObjectKind = defineKind({ number: 232, name: 'Pair', words: 20, refs: { first: 3, count: 1 }, create: () => new Pair() });

class Pair extends SharedObject {
  readonly item: Item;

  constructor(item?: Item) {
    super(pairKind, ({ words, at }) => void (words[at + 3] = refOf(item!)));
    const { words, at } = blockOf(this);
    this.item = item ?? (joinObject(words[at + 3]!) as Item);
  }
}

const fails: ObjectKind = defineKind({
  number: 233,
  name: 'Fails',
  words: 20,
  create: () => {
    throw new Error('not today');
  },
});

class Fails extends SharedObject {
  constructor() {
    super(fails);
  }
}

const as = <T>({ agent }: PlainThread, body: () => T): T => {
  become(agent);
  return body();
};

/** Resolves when no unused handle is left. */
async function untilUsed({ heap }: PlainThread, bytes: number): Promise<void> {
  for (let i = 0; ; i += 1) {
    heap.collect();
    if (heap.statistics().used <= bytes) return;
    assert.ok(i < 1000, `${heap.statistics().used} bytes are used, and not ${bytes}: ${JSON.stringify(heap.statistics().objects)}`);
    collectGarbage();
    await setImmediate();
    await setImmediate();
  }
}

test('handles arrive in their order, each on its object', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const sent = as(one, () => [new Item(1), new Item(2), new Item(3)]);
  const route = { host: one.agent.id, link: 1 };
  const parcel = as(one, () => makeParcel([sent[2]!, sent[0]!, sent[2]!], route));
  const come = as(two, () => openParcel(parcel)) as Item[];
  assert.deepEqual(
    come.map(({ value }) => value),
    [3, 1, 3],
  );
  assert.equal(come[0], come[2]);
  assert.ok(isShared(come[0]) && !sent.includes(come[0]));
  const again = as(two, () => openParcel(as(one, () => makeParcel(sent, route)) + (become(two.agent), 0)));
  assert.equal(again[2], come[0], 'a thread has two handles on one object');
  const back = as(two, () => makeParcel(come, route));
  assert.deepEqual(
    as(one, () => openParcel(back)),
    [sent[2], sent[0], sent[2]],
  );
  checkHeap(one.memory);
});

test('a parcel is opened once', () => {
  const one = new PlainWorld().thread();
  const parcel = as(one, () => makeParcel([new Item(1)], { host: one.agent.id, link: 1 }));
  openParcel(parcel);
  assert.throws(() => openParcel(parcel), /taken out already/);
  assert.throws(() => openParcel(0), /taken out already/);
});

test('a message holds its objects when its sender has ended', () => {
  const world = new PlainWorld();
  const [host, sender] = [world.thread(), world.thread()];
  const parcel = as(sender, () => makeParcel([new Item(5)], { host: host.agent.id, link: 1 }));
  sender.die();
  host.heap.collect();
  const [item] = as(host, () => openParcel(parcel)) as [Item];
  assert.equal(item.value, 5);
});

test('parcels go with the link on which they travelled, and only those', () => {
  const world = new PlainWorld();
  const [host, other] = [world.thread(), world.thread()];
  as(other, () => makeParcel([new Item(1)], { host: host.agent.id, link: 1 }));
  const kept = as(other, () => makeParcel([new Item(2)], { host: host.agent.id, link: 2 }));
  const its = as(other, () => makeParcel([new Item(3)], { host: other.agent.id, link: 1 }));
  other.die();
  assert.equal(
    as(host, () => dropParcels(1)),
    1,
  );
  host.heap.collect();
  // The other one was host of that, and no other thread opens it.
  assert.throws(() => openParcel(its), /taken out already/);
  assert.equal((openParcel(kept)[0] as Item).value, 2);
  assert.equal(host.heap.statistics().objects['Item'], 1);
});

test('an object that another one needs comes with it', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const parcel = as(one, () => makeParcel([new Pair(new Item(9))], { host: two.agent.id, link: 1 }));
  one.die();
  two.heap.collect();
  const [pair] = as(two, () => openParcel(parcel)) as [Pair];
  assert.equal(pair.item.value, 9);
  two.heap.collect();
  assert.equal(pair.item.value, 9);
  // Together with what it needs: one handle on each.
  const both = as(two, () => makeParcel([pair, pair.item], { host: two.agent.id, link: 1 }));
  const three = world.thread();
  const [itsPair, itsItem] = as(three, () => openParcel(both)) as [Pair, Item];
  assert.equal(itsPair.item, itsItem);
  checkHeap(two.memory);
});

test('unused handles are collected', async () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  become(one.agent);
  const kept = new Item(1);
  one.heap.collect();
  const used = one.heap.statistics().used;
  for (let i = 0; i < 500; i += 1) {
    const parcel = as(one, () => makeParcel([new Item(i), kept], { host: one.agent.id, link: 1 }));
    as(two, () => openParcel(parcel));
  }
  assert.equal(one.heap.statistics().objects['Item'], 501);
  await setImmediate();
  // Each gives back its own ledger.
  await untilUsed(two, used + 3 * 1024);
  await untilUsed(one, used);
  assert.equal(one.heap.statistics().objects['[ledger]'], 1);
  assert.equal(one.heap.statistics().objects['Item'], 1);
  assert.equal(kept.value, 1);
});

test('a handle that cannot be made does not take others along, and is dropped', async () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const parcel = as(one, () => makeParcel([new Item(1), new Fails(), new Item(2)], { host: two.agent.id, link: 1 }));
  one.die();
  assert.throws(() => as(two, () => openParcel(parcel)), /not today/);
  await setImmediate();
  await untilUsed(two, 0);
});

test('an unknown kind is reported', () => {
  const world = new PlainWorld();
  const one = world.thread();
  become(one.agent);
  const { ref } = one.heap.allocate(0x4d10_00e5, 20);
  assert.throws(() => joinObject(ref), /kind 229, which is not known here/);
  assert.throws(() => defineKind({ ...kind, name: 'Again' }), /Again and Item are both kind 231/);
});

test('a great many handles fit one message', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const items = as(one, () => Array.from({ length: 20_000 }, (_, i) => new Item(i)));
  const parcel = as(one, () => makeParcel(items, { host: one.agent.id, link: 1 }));
  one.heap.collect();
  const come = as(two, () => openParcel(parcel)) as Item[];
  assert.ok(come.every(({ value }, i) => value === i));
  checkHeap(one.memory);
  const big = as(one, () => makeParcel(items, { host: one.agent.id, link: 3 }));
  assert.equal(
    as(one, () => dropParcels(3)),
    1,
  );
  assert.throws(() => openParcel(big), /taken out already/);
});

/** A block that owns parcels, and its entry in the ledger of this thread. */
function makeOwner({ agent, heap }: PlainThread): { owner: number; drop: () => void } {
  become(agent);
  const owner = heap.allocate(tagOf(9), 20).ref;
  const position = heap.listedAt;
  return { owner, drop: () => void heap.drop(position) };
}

const refsIn = ({ memory }: PlainThread): ReadonlySet<number> => checkHeap(memory).blocks;

test('an owned parcel lives as long as its owner, whatever becomes of the thread that made it', async () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const { owner, drop } = makeOwner(one);
  const parcel = as(two, () => makeParcel([new Item(5), new Item(6)], { owner, bytes: allocateOwned(3000) }));
  const bytes = blockAt(one.memory, parcel).words[blockAt(one.memory, parcel).at + 1]!;
  two.die();
  one.heap.collect();
  assert.ok([parcel, bytes].every((ref) => refsIn(one).has(ref)));
  assert.equal(one.heap.statistics().objects['Item'], 2);
  drop();
  one.heap.collect();
  assert.ok([owner, parcel, bytes].every((ref) => !refsIn(one).has(ref)));
  await untilUsed(one, 0);
});

test('an owned parcel in the hands of a thread that dies is swept with what is in it; one that was left is not', async () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const { owner } = makeOwner(one);
  const [held, left] = as(two, () => {
    const both = [5, 6].map((value) => makeParcel([new Item(value)], { owner, bytes: allocateOwned(3000) }));
    for (const parcel of both) holdParcel(parcel);
    leaveParcel(both[1]!);
    return both as [number, number];
  });
  one.heap.collect();
  assert.ok([held, left].every((ref) => refsIn(one).has(ref)));
  two.die();
  one.heap.collect();
  assert.deepEqual([refsIn(one).has(held), refsIn(one).has(left)], [false, true]);
  assert.equal(one.heap.statistics().objects['Item'], 1);
  const { objects, bytes } = as(one, () => unpack(left));
  assert.equal((objects[0] as Item).value, 6);
  assert.ok(refsIn(one).has(bytes!.ref));
  objects.length = 0;
});

test('an owned parcel is opened once, and hands its bytes to the ledger of the opener', async () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  const { owner, drop } = makeOwner(one);
  const parcel = as(one, () => {
    const bytes = allocateOwned(3000);
    bytes.words[bytes.at + 2999] = 7;
    const made = makeParcel([new Item(5)], { owner, bytes });
    assert.throws(() => adopt(bytes), /not listed by this thread/);
    return made;
  });
  const { objects, bytes } = as(two, () => unpack(parcel));
  assert.equal((objects[0] as Item).value, 5);
  drop();
  one.die();
  two.heap.collect();
  assert.equal(bytes!.words[bytes!.at + 2999], 7);
  assert.ok(refsIn(two).has(bytes!.ref));
  assert.throws(() => unpack(parcel), /taken out already/);
  assert.equal(
    as(two, () => dropParcel(parcel)),
    false,
  );
  dropListed(bytes!);
  two.heap.collect();
  assert.ok(!refsIn(two).has(bytes!.ref));
  objects.length = 0;
  await untilUsed(two, 0);
});

test('bytes without handles travel in a parcel, too, and openParcel frees them', () => {
  const one = new PlainWorld().thread();
  const { owner } = makeOwner(one);
  const used = one.heap.statistics().used;
  assert.deepEqual(openParcel(makeParcel([], { owner, bytes: allocateOwned(40_000) })), []);
  assert.equal(dropParcel(makeParcel([], { owner, bytes: allocateOwned(40_000) })), true);
  assert.equal(one.heap.statistics().used, used);
  assert.throws(() => makeParcel([], { owner }), /handles in one message/);
});

test('a dropped owner goes with what its parcels hold, also itself and owners beside it', () => {
  const world = new PlainWorld();
  const [one, two] = [world.thread(), world.thread()];
  // Handles on owners, of a thread that ends.
  const [a, b, c] = as(two, () => [new Item(1), new Item(2), new Item(3)]) as [Item, Item, Item];
  const [ofA, ofB] = as(two, () => [
    makeParcel([b], { owner: refOf(a) }),
    // In the order of their blocks the last one is reached last.
    makeParcel([a, c], { owner: refOf(b), bytes: allocateOwned(20) }),
    makeParcel([a], { owner: refOf(c) }),
  ]) as [number, number, number];
  const position = as(one, () =>
    one.heap.guarded(() => {
      one.heap.makeRoom(1);
      return one.heap.list(refOf(c));
    }),
  );
  two.die();
  one.heap.collect();
  assert.ok([refOf(a), refOf(b), refOf(c), ofA, ofB].every((ref) => refsIn(one).has(ref)));
  one.heap.drop(position);
  one.heap.collect();
  assert.deepEqual(one.heap.statistics().objects, {});
  assert.equal(one.heap.statistics().parcels, 0);
});

test('the end of a link drops no parcel that a block owns', () => {
  const one = new PlainWorld().thread();
  const { owner } = makeOwner(one);
  const parcel = as(one, () => makeParcel([new Item(4)], { owner }));
  assert.equal(dropParcels(0), 0);
  assert.equal((openParcel(parcel) as Item[])[0]!.value, 4);
});
