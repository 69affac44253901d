/**
 * The mappings of a source map with one place a line: stacks of heddle's own frames tell the line of a source, and a map that also tells columns is twice
 * as large.
 *
 *   mappings:  line ; line ; …      line:  segment , segment , …
 *   segment:   column, source, line and column there, each as the difference from the segment before, in base 64
 */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const valueOf = new Map(Array.from(digits, (digit, value) => [digit, value]));

function decode(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = valueOf.get(digit);
    if (bits === undefined) throw new Error(`a mapping is damaged: ${segment}`);
    value += (bits & 31) << shift;
    if ((bits & 32) !== 0) shift += 5;
    else {
      numbers.push((value & 1) === 0 ? value >>> 1 : -(value >>> 1));
      value = 0;
      shift = 0;
    }
  }
  return numbers;
}

function encode(numbers: readonly number[]): string {
  let text = '';
  for (const number of numbers) {
    let left = number < 0 ? (-number << 1) | 1 : number << 1;
    do {
      text += digits[(left & 31) | (left > 31 ? 32 : 0)];
      left >>>= 5;
    } while (left > 0);
  }
  return text;
}

/** Keeps a segment where a line begins, and where another line of a source does. */
export function byLine(mappings: string): string {
  const read = [0, 0, 0];
  const written = [0, 0, 0];
  return mappings
    .split(';')
    .map((line) => {
      const kept: string[] = [];
      let readColumn = 0;
      let writtenColumn = 0;
      let last: string | undefined;
      for (const segment of line === '' ? [] : line.split(',')) {
        const [column, ...place] = decode(segment);
        readColumn += column!;
        if (place.length < 3) continue;
        for (let i = 0; i < 3; i += 1) read[i]! += place[i]!;
        const at = `${read[0]} ${read[1]}`;
        if (at === last) continue;
        last = at;
        kept.push(encode([readColumn - writtenColumn, ...read.map((value, i) => value - written[i]!)]));
        writtenColumn = readColumn;
        for (let i = 0; i < 3; i += 1) written[i] = read[i]!;
      }
      return kept.join(',');
    })
    .join(';');
}
