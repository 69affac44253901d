/** All rows of the table, in groups; each group is a test file of its own. */

import { rowOf } from './cell.ts';
import { partyRows } from './parties.ts';
import { hostRows } from './programs.ts';
import { shutdownRows } from './states.ts';
import type { Row } from './table.ts';
import { ways } from './ways.ts';

const named = (group: string): Row[] => ways[group]!.map((way) => rowOf(way));

/** The first exit, with 100,000 more tasks than usual. */
const crowdRow = ((way) => rowOf({ ...way, name: `${way.name}, 100,000 tasks` }, 100_000))(ways['exits']![1]!);

export const groups: { readonly [group: string]: readonly Row[] } = {
  exits: named('exits'),
  stalls: named('stalls'),
  unsendable: named('unsendable'),
  starts: named('starts'),
  shutdowns: shutdownRows,
  hosts: hostRows,
  crowds: [crowdRow],
  parties: partyRows,
};
