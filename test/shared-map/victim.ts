/** A process that changes a SharedMap and is killed right after one of the words that it writes: `node --conditions=model victim.js ACTION REF WRITE`. */

import { tellHeapPlace } from '#src/handles.js';
import { joinObject } from '#src/memory/index.js';
import { SharedMap } from '#src/shared-map/index.js';
import { killedAt } from '../channel/killed-at.js';

const [, , action, ref, write] = process.argv;
tellHeapPlace({ descriptor: 3 });
const object = joinObject(Number(ref));
if (!(object instanceof SharedMap)) throw new TypeError(`block ${ref} is no map`);
const map: SharedMap = object;

/** The actions of the victim: it is killed in the middle, or ends by itself with exit code 7. */
const actions: Record<string, () => void> = {
  'set a new key': () => void map.setSync('new', 'victim'),
  'set a key': () => void map.setSync('a', 'victim'),
  'set a key to a large value with a handle': () => void map.setSync('a', ['victim', map, 'x'.repeat(20_000)]),
  'set a large value to a small one': () => void map.setSync('large', 'victim'),
  'delete a large value': () => void map.deleteSync('large'),
  'update a key': () => void map.updateSync('a', () => 'victim'),
  'set the first key of a map': () => void map.setSync('a', 'victim'),
  'set a key that makes the tables larger': () => {
    for (let i = 0; i < 40; i += 1) map.setSync(`more ${i}`, 'victim');
  },
  clear: () => map.clearSync(),
  'read a large value': () => void map.getSync('large'),
};

killedAt(Number(write), actions[action!]!);
