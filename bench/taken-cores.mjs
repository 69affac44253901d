// Cores that others use.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Programs that take all cores but one. Returns what ends them. */
export function takeCores() {
  const programs = Array.from({ length: Math.max(1, availableParallelism() - 1) }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  return () => Promise.all(programs.map((program) => new Promise((resolve) => program.once('exit', resolve).kill('SIGKILL'))));
}
