// A module of the project under test: transformed by vitest, with counters in every function.
export const word = (text: string): number => text.length;

export class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  sum(): number {
    return this.x + this.y;
  }
}
