/**
 * Cuts the elements out of one long JSON array, line by line as it comes. The scanner only counts brackets and knows strings; `JSON.parse`
 * decides whether an element is valid JSON.
 */

export interface Element {
  text: string;
  /** The line it ends on. */
  line: number;
}

/** The only characters that matter, in and outside of strings. */
const MARKS = /["\\[\]{},]/g;

export class ArrayCutter {
  /** 0 before the first bracket and after the last, 1 between elements. */
  #depth = 0;
  #isInString = false;
  #isOver = false;
  #count = 0;
  #text = '';
  #line = 0;
  /** The text after the end of the array. */
  after: string | undefined;
  /** An element is longer than a string can be. Nothing that follows it can be found. */
  isTooLong = false;
  readonly #longest: number;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Takes the next line; gives the elements that end on it. */
  push(line: string, number: number): Element[] {
    const found: Element[] = [];
    let start = 0;
    this.#line = number;
    MARKS.lastIndex = 0;
    for (let match = MARKS.exec(line); match !== null && !this.#isOver; match = MARKS.exec(line)) {
      const mark = match[0];
      if (mark === '\\') {
        if (this.#isInString) MARKS.lastIndex++;
      } else if (mark === '"') {
        this.#isInString = !this.#isInString;
      } else if (!this.#isInString) {
        if (mark === '[' || mark === '{') {
          if (++this.#depth === 1) start = match.index + 1;
          continue;
        }
        const isEnd = mark !== ',' && --this.#depth === 0;
        if (!isEnd && (this.#depth !== 1 || mark !== ',')) continue;
        this.#append(line.slice(start, match.index));
        const text = this.#text;
        this.#text = '';
        start = match.index + 1;
        // `[]` has no element, `[1,]` has a second one that is empty, and broken.
        if (!isEnd || this.#count > 0 || text.trim() !== '') found.push({ text, line: number });
        this.#count++;
        this.#isOver = isEnd;
      }
    }
    const rest = line.slice(start);
    if (!this.#isOver) this.#append(`${rest}\n`);
    else if (rest.trim() !== '') this.after = rest.trim();
    return found;
  }

  #append(text: string): void {
    if (this.#text.length + text.length <= this.#longest) this.#text += text;
    else this.isTooLong = true;
  }

  /** The remaining text, when the input ends before the array does. */
  end(): Element | undefined {
    return this.#isOver ? undefined : { text: this.#text.trim(), line: this.#line };
  }
}
