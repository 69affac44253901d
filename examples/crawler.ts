/**
 * A crawler: at most eight pages at once, each within two seconds, every link followed once. The site is of this machine's own; one of its
 * pages never comes, one fails.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Coroutine, Pool, Timeout, until } from 'heddle/coroutine';

const links = (page: number): number[] => [page * 2, page * 2 + 1].filter((next) => next <= 40);
const server = createServer(({ url = '' }, response) => {
  const page = Number(url.slice(1));
  if (page === 13) return; // no answer
  if (page === 17) response.statusCode = 500;
  setTimeout(
    () =>
      response.end(
        links(page)
          .map((next) => `<a href="/${next}">`)
          .join(''),
      ),
    10,
  );
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const seen = new Set<string>();
const problems: string[] = [];
const pool = new Pool(8);
let atOnce = 0;
let most = 0;

/** The signal ends the download when the time is over. */
function* load(path: string): Coroutine<string> {
  const response = yield* until((signal) => fetch(site + path, { signal }));
  const text = yield* until(response.text());
  if (!response.ok) throw new Error(`status ${response.status}`);
  return text;
}

function* visit(path: string): Coroutine<void> {
  most = Math.max(most, (atOnce += 1));
  try {
    const html = yield* Timeout.run(2000, load, path);
    for (const [, next = ''] of html.matchAll(/href="(.*?)"/g)) follow(next);
  } catch (error) {
    problems.push(`${path}: ${error instanceof Timeout ? 'no answer' : (error as Error).message}`);
  } finally {
    atOnce -= 1;
  }
}

function follow(path: string): void {
  if (seen.has(path)) return;
  seen.add(path);
  pool.spawn(visit, path); // begins as soon as there is room
}

follow('/1');
await pool.join();
console.log(`${seen.size} pages, at most ${most} at once`);
for (const problem of problems.sort()) console.log(problem);
server.closeAllConnections();
server.close();
