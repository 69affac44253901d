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
  'sync/without-native-calls',
  'examples/examples',
  'pool/timed-code',
  'memory/killed-at-every-step',
  'cli/map',
  'pool/map-bounds',
  'ship/esbuild',
  'sync/waiter-death',
  'ship/entries',
  'sync/owner-death',
  'pool/retry',
  'cli/streams',
  'sync/model/lock-faults',
  'pool/programs',
  'process/without-native-calls',
  'pool/map-options',
  'cli/retries',
  'sync/model/others-faults',
  'never-hang/crowds',
  'never-hang/stalls',
  'process/tree',
  'pool/pools-in-workers',
  'pool/handles',
  'cli/interrupt',
  'python/executor',
  'python/processes',
  'pool/map',
  'never-hang/pools',
  'pool/options',
  'sync/giving-up',
  'pool/submit',
  'worker/undisturbed',
  'memory/model/allocator',
  'pool/dropped',
  'pool/key',
  'pool/recycle',
  'worker/lifeline',
  'never-hang/exits',
  'sync/model/barrier',
  'never-hang/storm',
  'pool/nesting',
  'pool/death',
  'pool/timeout',
  'python/deadlock',
  'memory/memory',
  'pool/map-shutdown',
  'sync/limits',
  'pool/sudden-ends',
  'sync/model/lock',
  'codec/damage',
  'codec/structure',
  'sync/left-behind',
  'never-hang/parties',
  'process/process',
  'sync/blocked-alone',
];

/** The files, such as `pool/map.test`, in that order; the others keep theirs. */
export function longestFirst(files: readonly string[]): string[] {
  const places = new Map(longest.map((name, i) => [`${name}.test`, i]));
  return files.toSorted((a, b) => (places.get(a) ?? longest.length) - (places.get(b) ?? longest.length));
}
