/**
 * Coroutines and the network: three downloads at once take as long as the slowest, one after another as long as all. One of them saves
 * a picture. The server is one of this machine's own.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Coroutine, GreenletExit, joinAll, sleep, spawn, until } from 'heddle/coroutine';
import { decodePng, encodePng } from './png.ts';

const picture = encodePng({ width: 32, height: 32, pixels: Uint8Array.from({ length: 32 * 32 * 4 }, (_, i) => i % 251) });

/** Each answer takes 200 ms to come. */
const server = createServer((request, response) => {
  setTimeout(() => response.end(request.url === '/picture.png' ? picture : `the page ${request.url}`), 200);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Returns the result of a greenlet that was not killed: the value of a killed one is a `GreenletExit`. */
function whole<T>(value: T | GreenletExit): T {
  if (value instanceof GreenletExit) throw value;
  return value;
}

/** The signal ends the download when its greenlet is killed. */
function* download(path: string): Coroutine<Uint8Array> {
  const response = yield* until((signal) => fetch(site + path, { signal }));
  return new Uint8Array(yield* until(response.arrayBuffer()));
}

function* save(path: string, file: string): Coroutine<string> {
  const bytes = yield* download(path);
  yield* until(writeFile(file, bytes));
  return file;
}

const folder = await mkdtemp(join(tmpdir(), 'heddle-'));
let begin = performance.now();
const [news, sport, image] = [
  spawn(download, '/news'),
  spawn(download, '/sport'),
  spawn(save, '/picture.png', join(folder, 'picture.png')),
];
await joinAll([news, sport, image], { raiseError: true });
const together = performance.now() - begin;
console.log(Buffer.from(whole(await news)).toString());
console.log(Buffer.from(whole(await sport)).toString());
const { width, height } = decodePng(await readFile(whole(await image)));
console.log(`saved a picture of ${width} × ${height}`);

begin = performance.now();
for (const path of ['/news', '/sport', '/picture.png']) await spawn(download, path);
console.log(`three at once are faster than one after another: ${together < performance.now() - begin}`);

// Three functions with different sleeps, and an argument.
function* wait(name: string, ms: number) {
  yield* sleep(ms);
  console.log(`${name} slept ${ms} ms`);
  return ms;
}
const sleepers = await joinAll([spawn(wait, 'long', 30), spawn(wait, 'short', 1), spawn(wait, 'middle', 15)]);
console.log(`in all ${sleepers.reduce((sum, { value = 0 }) => sum + whole(value), 0)} ms`);

server.close();
await rm(folder, { recursive: true });
