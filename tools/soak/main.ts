/** `npm run soak -- NAME [options]`: runs a program of test/soak/, which hammers a part of heddle for minutes and checks the books at the end. */

import { spawn } from 'node:child_process';
import { ROOT } from '../places.ts';

const names = ['sync', 'channel', 'map'];
const [name = '', ...options] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`usage: npm run soak -- ${names.join('|')} [--minutes N] [--seed N], got "${name}"`);
  process.exit(2);
}
const child = spawn(process.execPath, ['--enable-source-maps', `${ROOT}build/test/soak/${name}.js`, ...options], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal !== null) console.error(`ended by ${signal}`);
  process.exitCode = code ?? 1;
});
