/** Just enough of PNG for thumbnails.ts: 8 bits a sample, not interlaced, in and out as RGBA. https://www.w3.org/TR/png-3/ */

import { deflateSync, inflateSync } from 'node:zlib';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly pixels: Uint8Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Samples a pixel, by colour type: grey, -, RGB, palette, grey with alpha, -, RGBA. */
const samples = [1, 0, 3, 1, 2, 0, 4];

/** @throws RangeError if it is not a PNG, or one that this decoder cannot read */
export function decodePng(file: Uint8Array): Picture {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (!bytes.subarray(0, 8).equals(signature)) throw new RangeError('not a PNG file');
  const data: Buffer[] = [];
  let [width, height, type] = [0, 0, 0];
  let palette: Uint8Array = Buffer.alloc(0);
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === 'IHDR') {
      [width, height, type] = [body.readUInt32BE(0), body.readUInt32BE(4), body[9]!];
      if (body[8] !== 8 || body[12] !== 0) throw new RangeError('only 8 bits a sample, and not interlaced');
    }
    if (name === 'PLTE') palette = body;
    if (name === 'IDAT') data.push(body);
    at += length + 12;
  }
  const step = samples[type] ?? 0;
  if (step === 0 || width === 0) throw new RangeError('no picture in it');
  const rows = unfilter(inflateSync(Buffer.concat(data)), width * step, height, step);
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const s = rows.subarray(i * step, (i + 1) * step);
    const [r, g, b] = type === 3 ? palette.subarray(s[0]! * 3, s[0]! * 3 + 3) : step >= 3 ? s : [s[0]!, s[0]!, s[0]!];
    pixels.set([r!, g!, b!, step === 4 ? s[3]! : type === 4 ? s[1]! : 255], i * 4);
  }
  return { width, height, pixels };
}

/** Each row was written as differences to what stands left of it and above it. */
function unfilter(filtered: Uint8Array, stride: number, height: number, step: number): Uint8Array {
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= step ? rows[at - step]! : 0;
      const up = y > 0 ? rows[at - stride]! : 0;
      const corner = x >= step && y > 0 ? rows[at - stride - step]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0]!;
      rows[at] = filtered[y * (stride + 1) + 1 + x]! + guess;
    }
  }
  return rows;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

export function encodePng({ width, height, pixels }: Picture): Buffer {
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(name, 4, 'latin1');
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, body.length + 8)), body.length + 8);
  return bytes;
}

/** zlib's own is not there before Node 22. */
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
