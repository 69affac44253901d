/** Items from lines and from JSON, however the bytes happen to be cut. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { jsonItems } from '#src/cli/items/json.js';
import { linesOf } from '#src/cli/items/lines.js';

/** The same bytes in pieces of every size from 1 on: a cut may fall anywhere. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(items: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const some of items) all.push(...some);
  return all;
}

async function alike<T>(text: string | Buffer, read: (chunks: AsyncIterable<Buffer>) => AsyncIterable<T[]>): Promise<T[]> {
  const bytes = Buffer.from(text);
  const whole = await collect(read(pieces(bytes, bytes.length + 1)));
  for (let size = 1; size <= Math.min(bytes.length, 9); size++)
    assert.deepEqual(await collect(read(pieces(bytes, size))), whole, `in pieces of ${size}`);
  return whole;
}

const lines = async (text: string | Buffer): Promise<string[]> =>
  (await alike(text, linesOf)).map((line) => (line.broken === undefined ? line.text : `${line.number}: ${line.broken}`));

test('every line comes once, without its end', async () => {
  assert.deepEqual(await lines(''), []);
  assert.deepEqual(await lines('a'), ['a']);
  assert.deepEqual(await lines('a\n'), ['a']);
  assert.deepEqual(await lines('a\r\nb\r\n\r\nc'), ['a', 'b', '', 'c']);
  assert.deepEqual(await lines('\n\n'), ['', '']);
  assert.deepEqual(await lines('a\rb\n'), ['a\rb']);
  assert.deepEqual(await lines('a\n\nb\r'), ['a', '', 'b']);
});

test('a byte order mark is dropped at the beginning only', async () => {
  assert.deepEqual(await lines('\uFEFF'), []);
  assert.deepEqual(await lines('a\n\uFEFF'), ['a', '\uFEFF']);
});

/** Of what is too long any part may be kept to name it by. */
async function* named<T extends { broken?: string }>(all: AsyncIterable<T[]>, key: string): AsyncGenerator<T[]> {
  for await (const some of all) yield some.map((each) => (each.broken === undefined ? each : Object.assign(each, { [key]: '…' })));
}

test('a line that no string can hold fails alone', async () => {
  const read = async (text: string): Promise<string[]> =>
    (await alike(text, (chunks) => named(linesOf(chunks, 5), 'text'))).map(({ number, broken, text: kept }) =>
      broken === undefined ? kept : `${number}: ${broken}`,
    );
  assert.deepEqual(await read('12345\n123456\n\n12345'), ['12345', '2: the line is too long', '', '12345']);
  assert.deepEqual(await read('123456789012345678901234567890\r\na'), ['1: the line is too long', 'a']);
  assert.deepEqual(await read('a\n123456'), ['a', '2: the line is too long']);
});

test('an element that no string can hold is named, and the run goes on', async () => {
  const read = async (text: string): Promise<string[]> =>
    (await alike(text, (chunks) => named(jsonItems(chunks, 12), 'value'))).map(({ line, value, broken }) =>
      broken === undefined ? JSON.stringify(value) : `${line}: ${broken}`,
    );
  assert.deepEqual(await read('[\n"123456789",\n[1,\n2,\n3,\n4,\n5],\n6\n]'), [
    '"123456789"',
    '6: the element is too long, and nothing behind it can be read',
  ]);
  assert.deepEqual(await read('[\n1,\n"1234567890123",\n2\n]'), ['1', '3: the line is too long', '2']);
});

test('a character that is cut in two is put together', async () => {
  assert.deepEqual(await lines('äöü\n€\n👩‍👧\n'), ['äöü', '€', '👩‍👧']);
});

test('a line in another encoding fails alone', async () => {
  assert.deepEqual(await lines(Buffer.from('ab\n\xe4\ncd\n', 'latin1')), ['ab', '2: it is not UTF-8', 'cd']);
});

async function json(text: string | Buffer): Promise<unknown[]> {
  return (await alike(text, jsonItems)).map(({ value, line, broken }) => (broken === undefined ? value : `line ${line}: ${broken}`));
}

test('JSON lines are read', async () => {
  assert.deepEqual(await json('{"a":1}\n\n  2 \r\n"x\\ny"\nnull'), [{ a: 1 }, 2, 'x\ny', null]);
  assert.deepEqual(await json(''), []);
  assert.deepEqual(await json('\n \n'), []);
  assert.deepEqual(await json('\uFEFF1\n2'), [1, 2]);
  assert.deepEqual(await json('\uFEFF'), []);
  assert.deepEqual(await json('\uFEFF[1,\r\n2]\r\n'), [1, 2]);
});

test('a broken line is named by its number, and the others go on', async () => {
  const [one, two, three] = await json('{"a":1}\n\n{"a":\n3\n');
  assert.deepEqual([one, three], [{ a: 1 }, 3]);
  assert.match(String(two), /^line 3: it is not JSON: /);
});

test('lines that are arrays are told from one array', async () => {
  assert.deepEqual(await json('[1,2]\n[3]\n'), [[1, 2], [3]]);
  assert.deepEqual(await json('[1,[2],{"a":"]"}]\n'), [1, [2], { a: ']' }]);
  assert.deepEqual(await json('[]'), []);
  assert.deepEqual(await json('\n[]\n[]\n'), [[], []]);
});

test('an array over many lines is cut in the right places', async () => {
  const values = [1, 'a,b]', { c: [1, { d: '"}' }], 'e\\': '\\"' }, [], {}, null, [[[]]], 'ä'];
  assert.deepEqual(await json(JSON.stringify(values, null, 2)), values);
  assert.deepEqual(await json(`[\n${values.map((value) => JSON.stringify(value)).join('\n,\n')}\n]\n\n`), values);
  assert.deepEqual(await json('[\n]'), []);
});

test('a broken array is reported', async () => {
  const broken = async (text: string): Promise<string[]> => (await json(text)).filter((each) => typeof each === 'string');
  assert.deepEqual(await broken('[\n1,\n2'), ['line 3: the array has no end']);
  assert.deepEqual(await broken('[\n1\n]\n[2]'), ['line 4: it stands after the end of the array']);
  assert.match((await broken('[\n1,\n]')).join(), /^line 3: it is not JSON: /);
  assert.match((await broken('[\n1,\nx,\n3]')).join(), /^line 3: it is not JSON: /);
});

test('the first element of an endless array comes before its end', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from('[\n');
    for (;;) yield Buffer.from('1,\n');
  }
  const items = jsonItems(endless());
  assert.deepEqual(await items.next(), { value: [{ value: 1, line: 2 }], done: false });
  await items.return(undefined);
});
