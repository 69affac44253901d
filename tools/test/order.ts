/**
 * The order in which test files are run: those that take long first, so that none of them runs alone at the end. A file
 * that is not listed takes less than some 5 s. An outdated list costs time only.
 */

/** Test files as `pool/map`, the longest first. */
const longest: readonly string[] = [
  'ship/typescript',
  'ship/plain',
  'cli/resume',
  'ship/compiled',
  'pool/retry',
  'pool/map-options',
  'pool/map-bounds',
  'ship/entries',
  'pool/recycle',
  'python/executor',
  'cli/map',
  'pool/sudden-ends',
  'memory/killed-at-every-step',
  'sync/without-native-calls',
  'worker/lifeline',
  'cli/streams',
  'worker/begun-mark',
  'python/deadlock',
  'pool/submit',
  'pool/programs',
  'sync/model/lock-faults',
  'examples/examples',
  'python/pool',
  'sync/model/others-faults',
  'never-hang/crowds',
  'sync/owner-death',
  'memory/model/allocator',
  'sync/waiter-death',
  'memory/memory',
  'never-hang/storm',
  'never-hang/pools',
  'worker/undisturbed',
  'pool/map',
  'pool/statistics',
  'sync/giving-up',
  'pool/timeout',
  'python/shared-barriers',
  'python/shared-locks',
  'pool/stream',
  'pool/handles',
  'never-hang/exits',
  'pool/death',
  'pool/timed-code',
  'pool/pools-in-workers',
  'pool/nesting',
  'pool/pool',
  'memory/hammered',
  'never-hang/hosts',
  'never-hang/stalls',
  'cli/interrupt',
  'worker/handles',
  'cli/retries',
  'python/futures',
  'python/shared-semaphores',
  'python/shared-conditions',
];

/** The files, such as `pool/map.test`, in that order; the others keep theirs. */
export function longestFirst(files: readonly string[]): string[] {
  const places = new Map(longest.map((name, i) => [`${name}.test`, i]));
  return files.toSorted((a, b) => (places.get(a) ?? longest.length) - (places.get(b) ?? longest.length));
}
