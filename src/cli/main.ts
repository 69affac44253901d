#!/usr/bin/env node
/** The program `heddle`. */

import { runCommandLine } from './index.ts';

// A reader that left (`heddle … | head`) is not an error; commands notice it where it matters.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

let code: number;
try {
  code = await runCommandLine(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`heddle: ${error instanceof Error ? error.stack : String(error)}\n`);
  code = 1;
}
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Workers in the middle of a job, and whatever they keep open, end here.
process.exit(code);

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
