/** Source maps of the bundle, which tell lines only: each place leads to the line to which it led in the whole map. */

import assert from 'node:assert/strict';
import { SourceMap } from 'node:module';
import test from 'node:test';
import { byLine } from '../../tools/bundle/mappings.ts';

/** Several sources, lines that go back, a far column, names, a segment that leads nowhere, and empty lines. */
const whole = 'AAAA,SAASA,CAAC;AACRC,OCDF,SAAS;;AAEEC,GDFA,A,CAAC,IAAI,OAAO;kjCACK';

test('a thinned map leads each column to the same line of the same source, with fewer segments', () => {
  const mapOf = (mappings: string): SourceMap =>
    new SourceMap({ version: 3, file: 'x.js', sources: ['a.ts', 'b.ts'], sourcesContent: ['', ''], names: ['x'], mappings } as never);
  const thinned = byLine(whole);
  const [before, after] = [mapOf(whole), mapOf(thinned)];
  const lineOf = (map: SourceMap, line: number, column: number): unknown[] => {
    const entry = map.findEntry(line, column);
    return 'originalLine' in entry ? [entry.originalSource, entry.originalLine] : [];
  };
  for (let line = 0; line < 5; line += 1)
    for (let column = 0; column < 80; column += 1) {
      const [source, original] = lineOf(before, line, column);
      // A position without an original leads to the line before it.
      if (original !== undefined) assert.deepEqual(lineOf(after, line, column), [source, original], `${line}:${column}`);
    }
  assert.ok(thinned.split(/[,;]/).length < whole.split(/[,;]/).length);
  assert.equal(byLine(thinned), thinned);
});
