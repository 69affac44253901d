// The kernel's figures for a process and its children. Linux only: all of it is read from /proc.

// Not by an import: that would load Node's streams as well, before the suite `startup` starts its clock.
const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs');

/** Milliseconds of processor time that the descendants of `parent` have used so far. */
export function cpuOfChildren(parent) {
  return descendantsOf(parent).reduce((sum, pid) => sum + cpuOf(pid), 0);
}

/** The process ids of the children of `parent`, of theirs, and so on. */
export function descendantsOf(parent) {
  requireLinux();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [Number(pid), parentOf(pid)]));
  const isOurs = (pid) => parents.has(pid) && (parents.get(pid) === parent || isOurs(parents.get(pid)));
  return [...parents.keys()].filter(isOurs);
}

/** Bytes of memory that belong to the process alone: heaps and stacks; no file, nothing shared. */
export function anonymousMemory(pid) {
  requireLinux();
  const [, kib] = /^Anonymous:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`)) ?? [undefined, 0];
  return Number(kib) * 1024;
}

/** Bytes of memory that the process has, with its part of what it shares with others (PSS). */
export function proportionalMemory(pid) {
  requireLinux();
  const [, kib] = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`)) ?? [undefined, 0];
  return Number(kib) * 1024;
}

/** A note that says in which of heddle's processes koffi is loaded by now: native calls go through it, and its loading has a price. */
export function notesOnKoffi(library, when) {
  if (library !== 'heddle' || process.platform !== 'linux') return [];
  const pids = [process.pid, ...descendantsOf(process.pid)];
  const having = pids.filter((pid) => /\/koffi[^/]*\.node$/m.test(read(`/proc/${pid}/maps`)));
  if (having.length === 0) return [`koffi is not loaded after ${when}`];
  const inWorkers = having.filter((pid) => pid !== process.pid).length;
  const places = [
    ...(having.includes(process.pid) ? ['in the program'] : []),
    ...(pids.length > 1 ? [`in ${inWorkers} of its ${pids.length - 1} worker processes`] : []),
  ];
  return [`koffi is loaded after ${when} ${places.join(' and ')}`];
}

function requireLinux() {
  if (process.platform !== 'linux') throw new Error('processes are read from /proc: Linux only');
}

function parentOf(pid) {
  // The second field is the name in brackets and may hold anything; the fields after it start behind the last bracket.
  const line = read(`/proc/${pid}/stat`);
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Milliseconds, all threads: schedstat counts nanoseconds, /proc/<pid>/stat only ticks of 10 ms. */
function cpuOf(pid) {
  let nanoseconds = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) nanoseconds += Number(read(`/proc/${pid}/task/${tid}/schedstat`).split(' ')[0]);
  return nanoseconds / 1e6;
}

/** Empty when the process or thread ended meanwhile. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
