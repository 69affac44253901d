/** Download and parse without waiting for each other: a page is parsed by the callback of its own download. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, ThreadPool } from 'heddle';

// The pages come from this machine.
const titles = ['warp', 'weft', 'shed', 'reed'];
const server = createServer(({ url = '' }, response) => {
  const title = titles[Number(url.slice(1))];
  response.end(`<html><title>${title}</title>${`<a href="/${title}">${title}</a>`.repeat(1000)}</html>`);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const download = async (path: string) => (await fetch(origin + path)).text();
const parse = (html: string) => ({ title: /<title>(.*?)</.exec(html)?.[1], links: html.match(/<a /g)?.length, by: process.pid });

const downloads = new ThreadPool(2); // waits for the network
const parsers = new Pool(2); // uses the processor
for (const i of titles.keys()) {
  downloads.applyAsync(download, [`/${i}`], {
    callback: (html) =>
      void parsers.applyAsync(parse, [html], {
        callback: ({ title, links, by }) => console.log(`${title}: ${links} links, parsed by another process: ${by !== process.pid}`),
      }),
  });
}
downloads.close();
await downloads.join();
parsers.close();
await parsers.join();
server.close();
