/**
 * Does everything with a heap that has steps, and leaves some of it undone. Run in this thread, in another one, or in a child process, and ended at
 * any of its steps.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { type Agent, type Memory, become, blockAt } from '#src/memory/index.js';
import { Guard } from '#src/memory/heap/guard.js';
import { headerFields } from '#src/memory/heap/heap-header.js';
import { Heap, theHeap } from '#src/memory/heap/heap.js';
import { adopt, allocateListed, allocateOwned, dropListed, freeOwned, relink } from '#src/memory/objects/owned.js';
import { dropParcel, dropParcels, makeParcel, openParcel, unpack } from '#src/memory/objects/parcel.js';
import { defineKind, type ObjectKind, refOf, SharedObject } from '#src/memory/objects/shared-object.js';
import { claimSlot } from '#src/memory/threads/slot-claim.js';
import { Sweep } from '#src/memory/collect/sweep.js';
import { kinds, tagOf } from '#src/memory/heap/tag.js';

const kind: ObjectKind = defineKind({ number: 230, name: 'Thing', words: 40, create: () => new Thing() });

/** @public a worker whose code is a text takes it, too (`garbage.test.ts`) */
export class Thing extends SharedObject {
  constructor() {
    super(kind);
  }
}

/** The steps that have names in the source. Blocks of names are never freed; `shared/named/deaths` has the steps of these. */
export function namedSteps(): string[] {
  const folder = new URL('../../../src/memory/', import.meta.url);
  const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('name-registry.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  return [...text.matchAll(/atStep\?\.\('([^']+)'\)/g)].map((match) => match[1]!);
}

export function agentOn(memory: Memory): Agent {
  const { id } = claimSlot(memory);
  return { id, memory, waits: Object.assign(new Set<never>(), { kick: () => {} }) };
}

/** A thread that has ended, and held something. */
function leaveDead(memory: Memory): void {
  const identity = { ...memory.identity(), tid: 4_194_304 + 1, threadStart: 4_194_304 + 1 };
  const its = new Proxy(memory, {
    get(target, key) {
      if (key === 'identity') return () => identity;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const agent = agentOn(its);
  new Heap(agent).allocate(tagOf(17), 50);
}

/** Where the workload's owners have their references. */
const refs = { first: 4, count: 3 };

/** Blocks that are owned, moved between the words of their owner, and freed. */
function own(heap: Heap): void {
  const owner = allocateListed(tagOf(17, refs), 20);
  for (let i = 0; i < refs.count; i += 1) {
    const block = allocateOwned(20, i === 0 ? refs : undefined);
    owner.words[owner.at + refs.first + i] = block.ref;
    adopt(block);
  }
  const first = owner.words[owner.at + refs.first]!;
  const further = allocateOwned(50);
  relink((links) => {
    links.set(blockAt(heap.memory, first), refs.first + 1, further.ref);
    links.set(owner, refs.first, owner.words[owner.at + refs.first + 1]!);
    links.set(owner, refs.first + 1, first);
    const last = owner.words[owner.at + refs.first + 2]!;
    links.set(owner, refs.first + 2, 0);
    links.free(last);
  });
  adopt(further);
  freeOwned(allocateOwned(20));
  dropListed(allocateOwned(20));
}

/**
 * A sweep in steps with other work between them; and one after abandoned sweeps have used up all marks, so that all blocks get a new one.
 */
function sweepInSteps(heap: Heap, meanwhile: () => void): void {
  const sweep = new Sweep(heap.memory, heap.pages, heap.slabs, heap.id);
  heap.guarded(() => sweep.begin());
  heap.guarded(() => sweep.slice(1));
  meanwhile();
  heap.memory.segment(0)[headerFields.unfinished] = 15;
  heap.sliceUnits = 200;
  heap.collect();
}

/** @param memory a heap's */
export function workload(memory: Memory): void {
  leaveDead(memory);
  const agent = agentOn(memory);
  become(agent);
  const heap = theHeap();
  const long = [heap.allocate(tagOf(17), 60_000), heap.allocate(tagOf(17), 3_000_000), heap.allocate(tagOf(17), 100_000)];
  heap.guarded(() => {
    for (const { ref } of long) heap.free(ref);
  });
  // Through two segments, and less than what is free there.
  heap.allocate(tagOf(17), 2_500_000);
  heap.drop(heap.listedAt);
  const record = heap.allocate(tagOf(17), 32);
  const further = heap.allocate(tagOf(kinds.owned), 128);
  record.words[record.at + 1] = further.ref;
  heap.guarded(() => heap.unlist(heap.listedAt));

  own(heap);

  const [a, b] = [new Thing(), new Thing()];
  const route = { host: agent.id, link: 7 };
  openParcel(makeParcel([a, b], route));
  makeParcel([a], route);
  const [kept, opened, dropped] = [[a, b], [a], []].map((things) =>
    makeParcel(things, { owner: refOf(b), bytes: allocateOwned(2000) }),
  ) as [number, number, number];
  heap.collect();
  unpack(opened);
  dropParcel(dropped);
  dropParcel(kept);
  makeParcel([b], { owner: refOf(a) });
  makeParcel([b, a], { host: agent.id, link: 8 });
  dropParcels(7);

  // More than a page of the ledger, and than a page of blocks.
  const positions: number[] = [];
  for (let i = 0; i < 400; i += 1) {
    heap.allocate(tagOf(17), 100);
    positions.push(heap.listedAt);
  }
  for (const position of positions) heap.drop(position);
  heap.collect();
  heap.allocate(tagOf(17), 20);
  sweepInSteps(heap, () => own(heap));
  // Another thread waits for the guard.
  new Guard(memory, agent.id).enter();
  memory.segment(0)[16]! |= 0x8000_0000;
  new Guard(memory, agent.id).leave();
}
