// The machine, and the versions installed on it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** One line that belongs beside every figure. */
export function machineLine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${availableParallelism()} cores (${model}), Node ${process.version}, ${process.platform} ${process.arch}, load ${load()}`;
}

/** The measured peers, with versions. */
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

/** True if other programs use the machine so heavily that only the ratios are meaningful. */
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
