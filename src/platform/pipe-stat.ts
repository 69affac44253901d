/**
 * Which pipe a path or a descriptor is. In big integers, for Node's sake: `realpathSync` takes for a pipe what it looks at when the last stat in small ones
 * saw a pipe, and gives up. So the next `import 'heddle'` would be taken where its symlink lies (`npm link`, workspaces), and be another heddle, with
 * other classes.
 */

import { type BigIntStats, fstatSync, statSync } from 'node:fs';

/** The inode of the pipe behind a path or a descriptor; undefined if it is not a pipe. */
export function inodeOfPipe(place: string | number): number | undefined {
  const stats: BigIntStats = typeof place === 'number' ? fstatSync(place, { bigint: true }) : statSync(place, { bigint: true });
  return stats.isFIFO() ? Number(stats.ino) : undefined;
}
