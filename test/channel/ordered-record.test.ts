/** Where the words of an ordered queue lie. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { sharedPlaces } from '#src/channel/ordered/record.js';
import { GETS, PUTS, SEEN_GETS, TAIL_MUTEX } from '#src/channel/record.js';

test('an ordered queue has the words that all queues have where they have them', () => {
  assert.deepEqual(sharedPlaces, { mutex: TAIL_MUTEX, puts: PUTS, seenGets: SEEN_GETS, gets: GETS });
});
