/**
 * Thumbnails of all PNG pictures in a folder, on every core. `shrink` is a closure: what it uses, the size and the target folder,
 * goes with it. Broken pictures are named, the others are done.
 *
 *     node build/examples/thumbnails.js FOLDER [SIZE]      writes FOLDER/thumbnails/*.png
 *     node build/examples/thumbnails.js                    paints twelve pictures into a temporary folder first
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Pool } from 'heddle';
import { type Picture, decodePng, encodePng } from './png.ts';

const [folder = '', size = '64'] = process.argv.slice(2);
const longest = Number(size);
const from = folder === '' ? mkdtempSync(join(tmpdir(), 'thumbnails-')) : folder;
const to = join(from, 'thumbnails');
if (!existsSync(to)) mkdirSync(to);

/** Each pixel is the mean of those it stands for. */
function scale({ width, height, pixels }: Picture): Picture {
  const factor = Math.max(1, Math.max(width, height) / longest);
  const small = { width: Math.max(1, Math.round(width / factor)), height: Math.max(1, Math.round(height / factor)) };
  const result = new Uint8Array(small.width * small.height * 4);
  for (let y = 0; y < small.height; y++) {
    const [top, bottom] = [Math.floor(y * factor), Math.min(height, Math.max(Math.floor(y * factor) + 1, Math.floor((y + 1) * factor)))];
    for (let x = 0; x < small.width; x++) {
      const [left, right] = [Math.floor(x * factor), Math.min(width, Math.max(Math.floor(x * factor) + 1, Math.floor((x + 1) * factor)))];
      for (let sample = 0; sample < 4; sample++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) for (let u = left; u < right; u++) sum += pixels[(v * width + u) * 4 + sample]!;
        result[(y * small.width + x) * 4 + sample] = Math.round(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return { ...small, pixels: result };
}

const shrink = (path: string) => {
  const picture = decodePng(readFileSync(path));
  const small = scale(picture);
  const bytes = encodePng(small);
  writeFileSync(join(to, basename(path)), bytes);
  return `${basename(path)}: ${picture.width}×${picture.height} → ${small.width}×${small.height}, ${bytes.length} bytes`;
};

/** The set of Mandelbrot, each time nearer to its edge. */
const paint = (n: number) => {
  const [width, height] = [400, 300];
  const pixels = new Uint8Array(width * height * 4);
  const zoom = 1.5 ** n;
  for (let i = 0; i < width * height; i++) {
    const [a, b] = [-0.7436 + ((i % width) / width - 0.5) * (3 / zoom), 0.1318 + (Math.floor(i / width) / height - 0.5) * (2.25 / zoom)];
    let [x, y, steps] = [0, 0, 0];
    for (; x * x + y * y < 4 && steps < 255; steps++) [x, y] = [x * x - y * y + a, 2 * x * y + b];
    pixels.set([steps, (steps * 7) % 256, (steps * 13) % 256, 255], i * 4);
  }
  const path = join(from, `mandelbrot-${String(n).padStart(2, '0')}.png`);
  writeFileSync(path, encodePng({ width, height, pixels }));
};

await using pool = new Pool();
if (folder === '')
  await pool.map(
    paint,
    Array.from({ length: 12 }, (_, n) => n),
  );

const paths = readdirSync(from)
  .filter((name) => name.endsWith('.png'))
  .map((name) => join(from, name));
const lines = pool.imap(shrink, paths, { progress: 'thumbnails' });
for (const path of paths) {
  try {
    console.log((await lines.next()).value);
  } catch (error) {
    console.error(`${basename(path)}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
if (folder === '') rmSync(from, { recursive: true });
