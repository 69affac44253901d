/** The content of a terminal after a text, with the control sequences that a progress bar uses. */

import { spawn, spawnSync } from 'node:child_process';

export function screenOf(text: string): string[] {
  const rows: string[] = [];
  let row = '';
  let column = 0;
  for (const [part] of text.matchAll(/\x1b\[2K|\r|\n|[^\x1b\r\n]+|\x1b/g)) {
    if (part === '\x1b[2K') row = '';
    else if (part === '\r') column = 0;
    else if (part === '\n') {
      rows.push(row);
      [row, column] = ['', 0];
    } else {
      row = row.slice(0, column).padEnd(column) + part + row.slice(column + part.length);
      column += part.length;
    }
  }
  if (row !== '') rows.push(row);
  return rows;
}

export const needsScript: string | false =
  spawnSync('script', ['--version']).status === 0 ? false : 'needs script(1), which makes a pseudo-terminal';

/** Runs Node on a pseudo-terminal, and gives what the terminal got. */
export async function onTerminal(args: readonly string[], cwd: string): Promise<string> {
  const command = [process.execPath, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  return output.replaceAll('\r\n', '\n');
}
