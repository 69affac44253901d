// Runs probe.mjs (for Python its twin) in a separate process and reads its one line of output. The call never throws, and its wait is
// bounded: a peer that crashes, hangs or answers wrongly gives { failed: 'why' }.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MARK } from './measurement.mjs';

/** A pool that was closed should let its program end; it is told when it does not, and ended. */
const EXIT_MS = 5000;

/** Without NODE_EXTRA_CA_CERTS: with it Node 20 reads all certificates at each start, 30 ms, and some peers do not hand it on to their children. */
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

/** @returns {Promise<{ figures: Record<string, number>, notes?: string[] } | { failed: string, hangs?: boolean }>} */
export function measure(suite, peer, scenario, timeout, quick) {
  const child = spawn(...commandLine(suite, peer, scenario, quick), {
    detached: true, // a group of its own, so that whatever it started can be ended with it
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  return new Promise((resolve) => {
    const output = { stdout: '', stderr: '' };
    let result;
    const interrupt = () => {
      endGroup(child.pid); // a group of its own gets no Ctrl-C from the terminal
      process.exit(130);
    };
    process.on('SIGINT', interrupt);

    let timer = setTimeout(() => {
      result = { failed: `hangs: no result after ${timeout / 1000} s`, hangs: true };
      endGroup(child.pid);
    }, timeout);

    child.stderr.on('data', (data) => (output.stderr += data));
    child.stdout.on('data', (data) => {
      output.stdout += data;
      if (result) return;
      result = parseResult(output.stdout);
      if (!result) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        result.notes = [...(result.notes ?? []), 'its program does not exit after the pool was closed'];
        endGroup(child.pid);
      }, EXIT_MS);
    });
    child.on('error', (error) => {
      result ??= { failed: error.message };
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      endGroup(child.pid); // workers that outlived the process
      process.off('SIGINT', interrupt);
      resolve(result ?? { failed: `ended with ${signal ?? exitCode(code)}: ${lastLine(output.stderr)}` });
    });
  });
}

function commandLine(suite, peer, scenario, quick) {
  const flags = quick ? ['--quick'] : [];
  if (peer.library === 'python') return [suite.python.command, [suite.python.program, peer.kind, scenario.id, ...flags]];
  return [process.execPath, [fileURLToPath(suite.program ?? new URL('./probe.mjs', import.meta.url)), peer.id, scenario.id, ...flags]];
}

function parseResult(stdout) {
  const line = stdout
    .split('\n')
    .slice(0, -1)
    .find((text) => text.startsWith(MARK));
  return line && JSON.parse(line.slice(MARK.length));
}

/** Node ends with 13 when its event loop runs dry while the main module still awaits. */
const exitCode = (code) => (code === 13 ? 'exit code 13 (a promise that nothing will ever settle)' : `exit code ${code}`);

/** The line of an error output that says most: the error's own, else the last. */
function lastLine(stderr) {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'it printed nothing';
}

function endGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the group is empty already
  }
}
