/** The command line: `heddle map`, `heddle doctor`, help. */

/** Runs one command and gives its exit code. */
export { runCommandLine } from './command-line.ts';
