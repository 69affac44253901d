/** Runs a program in a separate Node: for its last output, and for errors without a handler. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/**
 * @param code an ES module; everything of `heddle/coroutine` is imported as `h`, from the unbundled modules if the code imports some of these
 * @param flags of Node
 */
export async function runProgram(code: string, flags: readonly string[] = []): Promise<Ran> {
  const text = `import * as h from '${code.includes('#src/') ? '#src/coroutine/index.js' : 'heddle/coroutine'}';\n${code}`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', text], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  const ended = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { stdout, stderr, code: ended };
}
