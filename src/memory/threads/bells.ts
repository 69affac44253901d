/**
 * How threads ring one another: what the slots say of their doorbells.
 *
 *    ring:   RUNG of the slot, 0 ─▶ 1 ──▶ its pipe, through /proc          heard: 1 ─▶ 0, and all that wait look
 *                                   └ refused ─▶ its socket
 *                                             └ none ─▶ `socketBells` of the heap's header: from now on every thread that waits opens one
 */

import { exchange, load, store } from '#atomics';
import { ownDoorbellSocket } from '../../platform/index.ts';
import { me, theAgent } from './agent.ts';
import { headerFields } from '../heap/heap-header.ts';
import type { Bell, BellAddress, Memory } from '../heap/memory.ts';
import { halves, identityOf, slotFields, slotOf } from './slots.ts';

const { bellDescriptor: DESCRIPTOR, bellInode: INODE, bellSocket: SOCKET, rung: RUNG } = slotFields;
const SOCKET_BELLS = headerFields.socketBells;
const socketWords = 4;

function bellOf(memory: Memory, id: number): BellAddress {
  const words = memory.segment(0);
  const slot = slotOf(id);
  const descriptor = load(words, slot + DESCRIPTOR);
  const inode = halves(words, slot + INODE);
  // ORDER: pairs with the last store of the thread that opened it.
  if (load(words, slot + SOCKET) === 0) return { descriptor, inode };
  return { descriptor, inode, socket: Int32Array.from({ length: socketWords }, (_, i) => load(words, slot + SOCKET + i)) };
}

/** Says where a thread's bell is. */
export function publishBell(memory: Memory, id: number, { descriptor, inode }: BellAddress): void {
  const words = memory.segment(0);
  const slot = slotOf(id);
  store(words, slot + INODE, inode | 0);
  store(words, slot + INODE + 1, Math.floor(inode / 2 ** 32));
  // ORDER: last; a thread that sees the descriptor sees the inode that the pipe must have.
  store(words, slot + DESCRIPTOR, descriptor);
}

/** Opens a socket besides a thread's bell, and says its number. */
export function publishSocket(memory: Memory, id: number, bell: Bell): void {
  const words = memory.segment(0);
  const socket = slotOf(id) + SOCKET;
  bell.openSocket?.((number) => {
    for (let i = socketWords - 1; i > 0; i -= 1) store(words, socket + i, number[i]!);
    // ORDER: last; a thread that sees it sees the rest of the number.
    store(words, socket, number[0]!);
  });
}

/** True if every waiting thread needs a socket. */
export function needsSocket(memory: Memory): boolean {
  return load(memory.segment(0), SOCKET_BELLS) !== 0;
}

/** From now on each needs one, if the system may refuse rings to this process, or from it: it has become another user, say. */
export function checkRefusal(memory: Memory): void {
  if (memory.mayBeRefused?.() === true) store(memory.segment(0), SOCKET_BELLS, 1);
}

/** Wakes the event loop of a thread, unless it has been rung already. */
export function ring(id: number): void {
  ringSlot(theAgent().memory, id);
}

export function ringSlot(memory: Memory, id: number): void {
  const rung = slotOf(id) + RUNG;
  // ORDER: after what the ringer wants to be seen; the bell clears the word before it looks.
  if (exchange(memory.segment(0), rung, 1) !== 0 || memory.ring(identityOf(memory, id), bellOf(memory, id), rung * 4)) return;
  // A thread that waits hears of this ring with its next probe, and has a socket for all later ones: they must be tried again.
  store(memory.segment(0), SOCKET_BELLS, 1);
  store(memory.segment(0), rung, 0);
}

/**
 * Returns the descriptors that heddle keeps open in this thread until its end, as `/proc/self/fd` names them. They are the file of the
 * shared heap, which every child inherits, both ends of the thread's doorbell, once it has waited, and its socket, if it needs one. A check
 * for leaks must ignore them.
 */
export function keptDescriptors(): readonly string[] {
  const heapFile = '/memfd:heddle (deleted)';
  if (me === 0) return [heapFile];
  const { inode } = bellOf(theAgent().memory, me);
  const bell = `pipe:[${inode}]`;
  const socket = ownDoorbellSocket();
  return [heapFile, ...(inode === 0 ? [] : [bell, bell]), ...(socket === undefined ? [] : [socket])];
}
