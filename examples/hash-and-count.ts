/**
 * One job for `heddle map`: reads a file in chunks, hashes it and counts its words. `npm start` runs it over every file
 * under node_modules; by hand:
 *
 *     npx heddle map build/examples/hash-and-count.js#hashAndCount README.md package.json
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

export interface FileCount {
  path: string;
  bytes: number;
  lines: number;
  words: number;
  distinctWords: number;
  commonestWord: string | null;
  sha256: string;
}

const WORD = /[\p{L}\p{N}_]+/gu;
/** Of one UTF-16 unit; halves of pairs count as parts of a word, so that no pair is cut. */
const IN_WORD = /[\p{L}\p{N}_\p{Cs}]/u;

export async function hashAndCount(path: string): Promise<FileCount> {
  const hash = createHash('sha256');
  const decoder = new StringDecoder('utf8');
  const times = new Map<string, number>();
  const count = { bytes: 0, lines: 0, words: 0 };
  let rest = '';
  const countWords = (text: string): void => {
    for (const match of text.match(WORD) ?? []) {
      const word = match.normalize('NFKC').toLowerCase();
      times.set(word, (times.get(word) ?? 0) + 1);
      count.words++;
    }
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    count.bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) count.lines++;
    // A word may go on in the next chunk.
    const text = rest + decoder.write(chunk);
    let end = text.length;
    while (end > 0 && IN_WORD.test(text[end - 1]!)) end--;
    countWords(text.slice(0, end));
    rest = text.slice(end);
  }
  countWords(rest + decoder.end());
  let commonestWord: string | null = null;
  for (const [word, n] of times) if (commonestWord === null || n > times.get(commonestWord)!) commonestWord = word;
  return { path, ...count, distinctWords: times.size, commonestWord, sha256: hash.digest('hex') };
}
