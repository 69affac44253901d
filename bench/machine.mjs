// What the machine is, and what its kernel says about our children.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** One line that belongs beside every figure. */
export function machineLine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${availableParallelism()} cores (${model}), Node ${process.version}, ${process.platform} ${process.arch}, load ${load()}`;
}

/** Who was measured, with versions. */
export function peersLine(suites) {
  const libraries = new Set();
  for (const { peers, python } of suites) {
    for (const { library, isHandWritten } of peers) {
      if (!isHandWritten) libraries.add(library === 'python' ? pythonVersion(python) : `${library} ${versionOf(library)}`);
    }
  }
  return [...libraries].join(', ');
}

function versionOf(library) {
  const path = library === 'heddle' ? '../package.json' : `./node_modules/${library}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}

/** Runnable threads waiting or running, mean of the last minute: well above 0 before a run means that others use the machine. */
export const load = () => loadavg()[0].toFixed(2);

/** Whether others use the machine so much that only the ratios, which they hit alike, can be read. */
export const isBusy = () => loadavg()[0] > availableParallelism() / 4;

/** The first python3 that has the module: the one of the path, then the system's, which packages of the system belong to. */
export function findPython(module) {
  return ['python3', '/usr/bin/python3'].find((command) => output(command, `import ${module}`) !== null) ?? null;
}

function pythonVersion({ command, module }) {
  const version = output(command, `import platform, ${module} as m; print(platform.python_version(), getattr(m, "__version__", ""))`);
  const [python, ofModule] = version.trim().split(' ');
  return ofModule ? `Python ${python} with ${module} ${ofModule}` : `Python ${python}`;
}

function output(python, program) {
  try {
    return execFileSync(python, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

/** Milliseconds of processor time that the children of `parent` (and theirs) have used so far. Linux only: it reads /proc. */
export function cpuOfChildren(parent) {
  if (process.platform !== 'linux') throw new Error('processor time of child processes is read from /proc: Linux only');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [Number(pid), parentOf(pid)]));
  const isOurs = (pid) => parents.has(pid) && (parents.get(pid) === parent || isOurs(parents.get(pid)));
  return [...parents.keys()].filter(isOurs).reduce((sum, pid) => sum + cpuOf(pid), 0);
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
