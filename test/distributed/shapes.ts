/** A class that both programs have, as a module of theirs exports it. */
export class Point {
  readonly x: number;

  constructor(x: number) {
    this.x = x;
  }

  double(): number {
    return this.x * 2;
  }
}
