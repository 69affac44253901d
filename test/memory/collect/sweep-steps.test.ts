/** Changes by threads between two slices of a sweep, and deaths in them: reachable blocks stay, all others go. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { adopt, allocateOwned, become, type Block, dropParcel, freeOwned, joinObject, relink, unpack } from '#src/memory/index.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { allocateListed } from '#src/memory/objects/owned.js';
import { Marker } from '#src/memory/collect/marker.js';
import { makeParcel, openParcel } from '#src/memory/objects/parcel.js';
import { blockOf, defineKind, refOf, SharedObject } from '#src/memory/objects/shared-object.js';
import { Sweep } from '#src/memory/collect/sweep.js';
import { tagOf } from '#src/memory/heap/tag.js';
import { checkHeap } from '../check-heap.ts';
import { killAt, type PlainThread, PlainWorld, stepsOf } from '../heap/plain-memory.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;
const refs = { first: 4, count: 3 };
const [OLDEST, SPARE, OTHER] = [4, 5, 6];

const kind = defineKind({ number: 227, name: 'Node', words: 20, refs: { first: 4, count: 1 }, create: () => new Node() });

/** An object that names another one. */
class Node extends SharedObject {
  constructor(next?: SharedObject) {
    super(kind, ({ words, at }) => void (next !== undefined && (words[at + 4] = refOf(next))));
  }
}

/** Two threads that change things, and one that sweeps. */
class Scene {
  readonly world = new PlainWorld(4);
  readonly sweeper: PlainThread = this.world.thread();
  readonly mutator: PlainThread = this.world.thread();
  /** Holds the owner. */
  readonly witness: PlainThread = this.world.thread();
  readonly owner: Block;
  readonly chunks: readonly Block[];
  readonly node: Node;
  readonly parcel: number;
  readonly owned: number;
  readonly fresh: Block;
  readonly sweep: Sweep;

  constructor() {
    become(this.witness.agent);
    this.owner = allocateListed(tagOf(9, refs), 20);
    this.chunks = Array.from({ length: 4 }, () => allocateOwned(20));
    this.owner.words[this.owner.at + OLDEST] = this.chunks[0]!.ref;
    for (const [i, { words, at }] of this.chunks.entries()) words[at + 1] = this.chunks[i + 1]?.ref ?? 0;
    for (const chunk of this.chunks) adopt(chunk);
    // Blocks that only a parcel holds: one in flight, and one that is owned.
    this.node = new Node(new Node());
    const others = [new Node(new Node()), new Node(this.node)];
    this.parcel = makeParcel([others[0]!], { host: this.witness.agent.id, link: 1 });
    this.owned = makeParcel([others[1]!], { owner: this.owner.ref, bytes: allocateOwned(30) });
    for (const other of others) this.forget(other);
    become(this.mutator.agent);
    this.fresh = allocateOwned(40);
    const { memory, pages, slabs, id } = this.sweeper.heap;
    this.sweep = new Sweep(memory, pages, slabs, id);
  }

  /** As if its finalizer had run: the ledger of the witness does not list an object any more, nor what it names. */
  forget(object: SharedObject): void {
    const { ref, words, at } = blockOf(object);
    const inner = words[at + 4]!;
    for (let position = 0; position < 30; position += 1)
      if ([ref, inner].includes(this.witness.heap.at(position)) && ![0, refOf(this.node)].includes(this.witness.heap.at(position)))
        this.witness.heap.drop(position);
  }

  begin(): void {
    become(this.sweeper.agent);
    this.sweeper.heap.guarded(() => this.sweep.begin());
  }

  /** One slice. False when the sweep is over, or was given up. */
  slice(units: number): boolean {
    become(this.sweeper.agent);
    return this.sweeper.heap.guarded(() => this.sweep.isOn && !this.sweep.slice(units));
  }

  /** Everything fits together, and a sweep leaves nothing that is not reached. */
  check(said: string): void {
    try {
      checkHeap(this.witness.memory);
      this.sweeper.die();
      become(this.witness.agent);
      this.witness.heap.collect();
      const { blocks, reached } = checkHeap(this.witness.memory);
      assert.deepEqual(blocks, reached);
      assert.ok(reached.has(this.owner.ref) && reached.has(refOf(this.node)));
      assert.equal(this.witness.memory.segment(0)[headerFields.unfinished], 0);
    } catch (error) {
      throw new Error(said, { cause: error });
    }
  }
}

/** The changes between two slices; each starts from the same scene. */
const changes: Record<string, (scene: Scene) => void> = {
  'the first chunk becomes the spare one': ({ owner, chunks: [first, second] }) =>
    relink((links) => {
      links.set(owner, OLDEST, second!.ref);
      links.set(owner, SPARE, first!.ref);
      links.set(first!, 1, 0);
    }),
  'a chunk is freed': ({ owner, chunks: [first, second] }) =>
    relink((links) => {
      links.set(owner, OLDEST, second!.ref);
      links.free(first!.ref);
    }),
  'an old block is adopted': ({ owner, fresh }) => {
    owner.words[owner.at + OTHER] = fresh.ref;
    adopt(fresh);
  },
  'a new block is adopted, with one that it names': ({ owner }) => {
    const [block, inner] = [allocateOwned(20), allocateOwned(30)];
    block.words[block.at + 1] = inner.ref;
    adopt(inner);
    owner.words[owner.at + OTHER] = block.ref;
    adopt(block);
  },
  'a block is freed, and its place is taken by another one': ({ fresh }) => {
    freeOwned(fresh);
    allocateOwned(40);
  },
  'a parcel is opened': ({ parcel, mutator }) => {
    const [node] = openParcel(parcel) as [Node];
    // The handle of a thread that goes on: the object is its own now.
    assert.ok(checkHeap(mutator.memory).reached.has(refOf(node)));
  },
  'an owned parcel is opened, and its bytes are freed': ({ owned }) => {
    const { objects, bytes } = unpack(owned);
    assert.equal(objects.length, 1);
    freeOwned(bytes!);
  },
  'an owned parcel is packed, and another one dropped': ({ owner, owned }) => {
    makeParcel([new Node(new Node())], { owner: owner.ref, bytes: allocateOwned(50) });
    dropParcel(owned);
  },
  'an object is made that names an old one': ({ witness, node }) => {
    const outer = new Node(joinObject(refOf(node)));
    makeParcel([outer], { host: witness.agent.id, link: 2 });
  },
};

for (const [what, change] of Object.entries(changes)) {
  test(`between any two slices, ${what}: what is reached stays, wherever the thread dies`, () => {
    const slices = (units: number): number => {
      const scene = new Scene();
      scene.begin();
      let count = 0;
      while (scene.slice(units)) count += 1;
      return count;
    };
    const units = isLong ? 1 : 12;
    const steps = stepsOf(() => change(new Scene())).length;
    for (let after = 0; after <= slices(units); after += 1) {
      for (let at = 0; at <= steps; at += 1) {
        // At the last it does not die; of the others every eighth, another one after each slice.
        if (!isLong && at < steps && at % 8 !== after % 8) continue;
        const scene = new Scene();
        scene.begin();
        for (let i = 0; i < after; i += 1) scene.slice(units);
        become(scene.mutator.agent);
        let left = at;
        const isKilled = killAt(
          () => at < steps && (left -= 1) < 0,
          () => change(scene),
        );
        if (isKilled) scene.mutator.die();
        while (scene.slice(units));
        scene.check(`after ${after} slices, ${isKilled ? `dead at step ${at}` : 'alive'}`);
      }
    }
  });
}

test('a sweep that is given up at any step is followed by another one that frees all', () => {
  const make = () => {
    const scene = new Scene();
    return {
      scene,
      sweep: () => {
        scene.begin();
        while (scene.slice(1));
      },
    };
  };
  const steps = stepsOf(make().sweep).length;
  for (let at = 0; at < steps; at += 1) {
    const { scene, sweep } = make();
    let left = at;
    assert.ok(killAt(() => (left -= 1) < 0, sweep));
    scene.check(`the sweeper dead at step ${at}`);
  }
});

test('more sweeps in a row are given up than there are marks, and the next one still knows what is reached', () => {
  const scene = new Scene();
  for (let i = 0; i < 40; i += 1) {
    scene.begin();
    scene.slice(1 + (i % 12));
    const unfinished = scene.witness.memory.segment(0)[headerFields.unfinished]!;
    assert.ok(unfinished >= 1 && unfinished <= 15);
    const { memory, pages, slabs, id } = scene.sweeper.heap;
    Object.assign(scene, { sweep: new Sweep(memory, pages, slabs, id) });
  }
  scene.check('after 40 that were given up');
});

test('a parcel that a sweep has found to be garbage is not opened while it is freed', () => {
  const scene = new Scene();
  const { witness, mutator, parcel } = scene;
  witness.die();
  scene.begin();
  while (mutator.memory.segment(0)[headerFields.isFreeing] === 0) scene.slice(1);
  become(mutator.agent);
  assert.throws(() => openParcel(parcel), /taken out already/);
  assert.equal(dropParcel(scene.owned), false);
  while (scene.slice(1));
  scene.sweeper.die();
  become(mutator.agent);
  mutator.heap.collect();
  const { blocks, reached } = checkHeap(mutator.memory);
  assert.deepEqual(blocks, reached);
  assert.equal(mutator.heap.statistics().parcels, 0);
});

test('a thread that wants all garbage freed waits for the sweep of another one, and then sweeps itself', () => {
  const scene = new Scene();
  const { world, mutator } = scene;
  scene.begin();
  scene.slice(1);
  become(mutator.agent);
  const { ref } = allocateOwned(20);
  mutator.heap.drop(mutator.heap.listedAt);
  let slices = 0;
  world.whileAsleep = () => {
    slices += 1;
    scene.slice(3);
    become(mutator.agent);
  };
  mutator.heap.collect();
  assert.ok(slices > 1);
  assert.ok(!checkHeap(mutator.memory).blocks.has(ref));
  assert.equal(mutator.memory.segment(0)[headerFields.sweeps], 2);
});

/** A thread whose first object is listed on a page of its ledger that a sweep reads last, and a sweep that has read the others. */
function withLateObject(): { thread: PlainThread; late: Node; drop: () => void; sweepUntil: (ref: number) => void; finish: () => void } {
  const world = new PlainWorld(4);
  const [thread, sweeper] = [world.thread(), world.thread()];
  become(thread.agent);
  const late = new Node();
  const position = thread.heap.listedAt;
  while (thread.heap.listedAt < 300) allocateOwned(20);
  const { memory, pages, slabs, id } = sweeper.heap;
  const sweep = new Sweep(memory, pages, slabs, id);
  const marker = new Marker(memory, pages, slabs);
  const slice = (units: number): boolean => sweeper.heap.guarded(() => sweep.slice(units));
  return {
    thread,
    late,
    drop: () => void thread.heap.drop(position),
    sweepUntil: (ref) => {
      sweeper.heap.guarded(() => sweep.begin());
      while (!marker.isBlack(ref)) slice(1);
      // The block that was listed last is followed first.
      for (let i = 0; i < 5; i += 1) slice(1);
      assert.ok(!marker.isBlack(refOf(late)));
    },
    finish: () => {
      while (!slice(50));
      become(thread.agent);
      assert.ok(checkHeap(memory).blocks.has(refOf(late)), 'it is gone');
      checkHeap(memory);
    },
  };
}

test('an object that is being made when a sweep begins keeps what it names', () => {
  const { late, drop, sweepUntil, finish } = withLateObject();
  class Slow extends SharedObject {
    constructor() {
      super(kind, (block) => {
        sweepUntil(block.ref);
        block.words[block.at + 4] = refOf(late);
      });
    }
  }
  assert.ok(new Slow());
  drop();
  finish();
});

test('a parcel that is packed during a sweep keeps what is in it', () => {
  const { thread, late, drop, sweepUntil, finish } = withLateObject();
  sweepUntil(allocateOwned(20).ref);
  makeParcel([late], { host: thread.agent.id, link: 1 });
  drop();
  finish();
});
