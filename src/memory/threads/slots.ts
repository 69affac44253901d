/**
 * The slots: one for each thread that has met the heap. A thread's slot id stands in every word that it holds, so that others can ask
 * whether it lives.
 *
 *    slot id:   0 | generation, 19 bits | index, 12 bits       never 0; a slot that is used again has another generation
 *
 * All of them lie in the first segment, after the heap's header. This file reads them; `slot-claim.ts` takes and clears them.
 */

import { load, store } from '#atomics';
import type { ThreadInfo } from '../../errors.ts';
import { theAgent } from './agent.ts';
import { layout } from '../heap/layout.ts';
import type { Identity, Memory } from '../heap/memory.ts';

/** The words of UTF-8 in a name. */
export const nameWords = 12;

type SlotField =
  | 'id'
  | 'state'
  | 'generation'
  | 'pid'
  | 'tid'
  | 'processStart'
  | 'threadStart'
  | 'threadId'
  | 'bellDescriptor'
  | 'bellInode'
  | 'rung'
  | 'blocked'
  | 'ledger'
  | 'name'
  | 'bellSocket';

export const slotFields: Readonly<Record<SlotField | 'size', number>> = layout('Slot', 'a thread that has met the heap', {
  id: ['slot', 'its present slot id; 0 while it is free'],
  state: [
    'bits',
    '0 free, 1 being taken, 2 in use, 3 its thread has died and what it held is being cleared, 4 in use, and its thread has said that it ends',
  ],
  generation: ['uint32', 'of its last slot id'],
  pid: ['uint32', 'process id'],
  tid: ['uint32', "the system's number of the thread"],
  processStart: ['half', 'when the process started, in clock ticks', 2],
  threadStart: ['half', 'when the thread started', 2],
  threadId: ['uint32', "Node's number of the thread"],
  bellDescriptor: ['uint32', 'of its doorbell, + 1; 0: it has none'],
  bellInode: ['half', 'of its doorbell', 2],
  rung: ['bits', '1: its bell was rung and it has not heard yet'],
  blocked: ['bits', '1: it is blocked in a Sync call; its async waiters are passed over'],
  ledger: ['ref', 'the first page of what it holds'],
  name: ['bits', 'its name, 48 bytes of UTF-8', nameWords],
  bellSocket: ['bits', "the random number in the name of its doorbell's socket; the first word is 0: it has none", 4],
});

/** In words of the first segment. */
export const slotsBegin: number = 1024;
export const slotCount: number = 4096;
export const slotSize: number = slotFields.size;

const ID = slotFields.id;
const BLOCKED = slotFields.blocked;

/** Where a slot's words begin in the first segment. */
export function slotOf(id: number): number {
  return slotsBegin + (id & 0xfff) * slotSize;
}

/** Of a number in two words. */
export const halves = (words: Int32Array, index: number): number => (load(words, index) >>> 0) + (load(words, index + 1) >>> 0) * 2 ** 32;

export function identityOf(memory: Memory, id: number): Identity {
  const words = memory.segment(0);
  const slot = slotOf(id);
  return {
    pid: load(words, slot + slotFields.pid),
    tid: load(words, slot + slotFields.tid),
    processStart: halves(words, slot + slotFields.processStart),
    threadStart: halves(words, slot + slotFields.threadStart),
  };
}

/** True if the thread that had this id has ended. A dead id stays dead: ids are not reused. */
export function isDead(id: number, isThorough: boolean): boolean {
  const { memory, id: mine } = theAgent();
  return id !== mine && isSlotDead(memory, id, isThorough);
}

/** The same for a thread without an agent, or one that asks about itself. */
export function isSlotDead(memory: Memory, id: number, isThorough: boolean): boolean {
  if (load(memory.segment(0), slotOf(id) + ID) !== id) return true;
  return !memory.isAlive(identityOf(memory, id), isThorough);
}

/** True if the thread is blocked in a Sync call, so that its event loop cannot take what is offered. */
export function isBlocked(id: number): boolean {
  return load(theAgent().memory.segment(0), slotOf(id) + BLOCKED) !== 0;
}

/** `state` of a thread that has said that it ends: those that join it do not wait until the system has taken it down. */
const ENDING = 4;

/** Says that this thread ends: nothing need be expected of it any more. */
export function setEnding(): void {
  const { memory, id } = theAgent();
  store(memory.segment(0), slotOf(id) + slotFields.state, ENDING);
}

export function isEnding(id: number): boolean {
  return load(theAgent().memory.segment(0), slotOf(id) + slotFields.state) === ENDING;
}

/** This thread is about to block, or has come back. */
export function setBlocked(is: boolean): void {
  const { memory, id } = theAgent();
  store(memory.segment(0), slotOf(id) + BLOCKED, is ? 1 : 0);
}

/** Returns the thread that has, or had, a slot id. */
export function threadOf(id: number): ThreadInfo {
  const words = theAgent().memory.segment(0);
  const slot = slotOf(id);
  if (load(words, slot + slotFields.generation) !== id >>> 12) return { pid: 0, thread: 0, name: 'a thread that ended long ago' };
  const name = new Int32Array(nameWords);
  for (let i = 0; i < nameWords; i += 1) name[i] = load(words, slot + slotFields.name + i);
  return {
    pid: load(words, slot + slotFields.pid),
    thread: load(words, slot + slotFields.threadId),
    name: Buffer.from(name.buffer).toString('utf8').replace(/\0+$/, ''),
  };
}
