/**
 * Handles on what a manager keeps. The record says whose it is; the object itself lives in the manager's process, as long as a handle is anywhere.
 *
 *   manager:   object, under its number ── announces a handle, in a reply ──▶ client: a proxy
 *   client:    the last handle is garbage, or its process has died ──▶ a sweep frees the record ──▶ the manager sees that, and drops the object
 */

import { load, store } from '#atomics';
import type { Queue } from '../channel/index.ts';
import { luggage } from '../handles.ts';
import { blockOf, blockIsIn, defineKind, joinObject, layout, me, type ObjectKind, refOf, SharedObject } from '../memory/index.ts';

const record = layout('Referent', 'what a proxy stands for', {
  tag: ['bits', 'magic, colour, references and kind'],
  chain: ['ref', 'unused'],
  requests: ['ref', 'the queue on which the manager is called'],
  number: ['uint32', "the manager's number of the object"],
  server: ['slot', "the manager's thread"],
});

export const referentKind = 40;
