/**
 * The behaviour of greenlets that follow scripts, computed without generators: which is entered, with what, which ends, and which receives
 * the result.
 *
 * A move that leaves its greenlet (`switch`, `throw`) is where it waits; whatever ends it makes a letter to its parent.
 */

export type Move =
  | { do: 'switch'; to: number; values: number; isCaught: boolean; depth: number }
  | { do: 'throw'; to: number; isExit: boolean; isCaught: boolean; depth: number }
  | { do: 'dispose'; of: number }
  | { do: 'parent'; of: number; to: number }
  | { do: 'enter' }
  | { do: 'fail'; isExit: boolean }
  | { do: 'return' };

export interface Script {
  /** A plain function makes no switches; an empty greenlet has nothing to run. */
  readonly kind: 'generator' | 'plain' | 'empty';
  readonly moves: readonly Move[];
}

/** An error as the model knows it: by what it says. */
interface Failure {
  readonly error: string;
  readonly isExit: boolean;
}

interface Letter {
  to: number;
  kind: 'value' | 'error' | 'values';
  content: unknown;
}

interface Person {
  readonly script: Script;
  state: 'new' | 'alive' | 'dead';
  /** The move that it is at. */
  at: number;
  parent: number;
  store: string;
}

const nothingToRun = 'TypeError: the greenlet has nothing to run: give it a function';
const disposed = 'GreenletExit: the greenlet was disposed of';
const refusals = {
  running: 'InvalidStateError: a greenlet that runs cannot be disposed of',
  undead: 'InvalidStateError: the greenlet did not end: it switched to another one when it was disposed of',
  mainParent: 'TypeError: the main greenlet can have no parent',
  cycle: 'RangeError: a greenlet cannot be its own ancestor',
};

export const canLeave = (script: Script, move: Move): boolean =>
  script.kind === 'generator' || (move.do !== 'switch' && move.do !== 'throw');

export const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join()}]`;
  return isFailure(value) ? value.error : String(value);
};
const isFailure = (value: unknown): value is Failure => typeof value === 'object' && value !== null && 'isExit' in value;

/** The main greenlet follows the first script. All others are made by it, in its context. */
export class Model {
  readonly log: string[] = [];
  readonly #people: Person[];
  readonly #disposing: number[] = [];
  #current = 0;
  #count = 0;

  constructor(scripts: readonly Script[], store: string) {
    this.#people = scripts.map((script, i) => ({ script, state: i === 0 ? 'alive' : 'new', at: 0, parent: 0, store }));
  }

  run(): string[] {
    for (let letter = this.#follow(0, 0); letter !== undefined; letter = this.#carry(letter));
    for (const [i, { state }] of this.#people.entries()) this.log.push(`${i} is ${state}`);
    return this.log;
  }

  #say(i: number, what: string): void {
    this.log.push(`${i} ${what} in ${this.#people[i]!.store}`);
  }

  /** Delivers a letter; returns the next one. */
  #carry(letter: Letter): Letter | undefined {
    const { to, kind, content } = letter;
    const person = this.#people[to]!;
    if (person.state === 'dead') return this.#toParent(to, kind, content);
    if (person.state === 'new' && person.script.kind === 'empty')
      return this.#toParent(to, 'error', kind === 'error' ? content : { error: nothingToRun, isExit: false });
    this.log.push(`${kind === 'error' ? 'throw' : 'switch'} ${this.#current} ${to}`);
    this.#current = to;
    if (person.state === 'alive') return this.#receive(to, kind, content);
    if (kind === 'error') {
      person.state = 'dead';
      return this.#toParent(to, kind, content);
    }
    person.state = 'alive';
    this.#say(to, `begins with ${show(kind === 'values' ? content : [content])}`);
    return this.#follow(to, 0);
  }

  #toParent(i: number, kind: Letter['kind'], content: unknown): Letter {
    const isExit = kind === 'error' && (content as Failure).isExit;
    return { to: this.#people[i]!.parent, kind: isExit ? 'value' : kind, content };
  }

  #end(i: number, kind: 'value' | 'error', content: unknown): Letter {
    this.#people[i]!.state = 'dead';
    return this.#toParent(i, kind, content);
  }

  /** Called for a greenlet that waits at a move that leaves it: it goes on. */
  #receive(i: number, kind: Letter['kind'], content: unknown): Letter | undefined {
    const { script, at } = this.#people[i]!;
    const move = script.moves[at] as Extract<Move, { isCaught: boolean }>;
    if (kind !== 'error') {
      const values = content as unknown[];
      this.#say(i, `gets ${show(kind === 'values' && values.length < 2 ? values[0] : content)}`);
    } else if (move.isCaught || i === 0) this.#say(i, `catches ${show(content)}`);
    else {
      this.#say(i, `lets pass ${show(content)}`);
      return this.#end(i, 'error', content);
    }
    return this.#follow(i, at + 1);
  }

  /** Makes its moves until one of them leaves it; undefined when the main greenlet has no more. */
  #follow(i: number, from: number): Letter | undefined {
    const person = this.#people[i]!;
    const { script } = person;
    for (let at = from; at < script.moves.length; at++) {
      person.at = at;
      const move = script.moves[at]!;
      if (!canLeave(script, move)) continue;
      this.#count++;
      switch (move.do) {
        case 'switch':
        case 'throw': {
          let to = this.#people[move.to]!;
          while (to.state === 'dead') to = this.#people[to.parent]!;
          if (to.state === 'new' && to.script.kind === 'empty') return this.#receive(i, 'error', { error: nothingToRun, isExit: false });
          const values = 'values' in move ? Array.from({ length: move.values }, (_, n) => `v${this.#count}.${n}`) : [];
          if (move.do === 'switch') return { to: move.to, kind: 'values', content: values };
          return { to: move.to, kind: 'error', content: this.#error(move.isExit) };
        }
        case 'dispose':
          this.#say(i, `disposes of ${move.of}: ${this.#dispose(i, move.of)}`);
          break;
        case 'parent':
          this.#say(i, `gives ${move.of} the parent ${move.to}: ${this.#reparent(move.of, move.to)}`);
          break;
        case 'enter':
          person.store = `s${this.#count}`;
          break;
        case 'fail':
          if (i !== 0) return this.#end(i, 'error', this.#error(move.isExit));
          break;
        case 'return':
          if (i !== 0) return this.#end(i, 'value', `r${this.#count}`);
      }
    }
    return i === 0 ? undefined : this.#end(i, 'value', `end of ${i}`);
  }

  #error(isExit: boolean): Failure {
    return { error: `${isExit ? 'GreenletExit' : 'Error'}: e${this.#count}`, isExit };
  }

  #reparent(of: number, to: number): string {
    if (of === 0) return refusals.mainParent;
    for (let at = to; ; at = this.#people[at]!.parent) {
      if (at === of) return refusals.cycle;
      if (at === 0) break;
    }
    this.#people[of]!.parent = to;
    return 'done';
  }

  #dispose(by: number, of: number): string {
    const person = this.#people[of]!;
    if (of === by || of === 0 || this.#disposing.includes(of)) return refusals.running;
    if (person.state !== 'alive') {
      person.state = 'dead';
      return 'done';
    }
    this.#disposing.push(by);
    let kind: Letter['kind'] = 'error';
    let content: unknown = { error: disposed, isExit: true };
    let letter: Letter;
    do {
      this.log.push(`${kind === 'error' ? 'throw' : 'switch'} ${this.#current} ${of}`);
      this.#current = of;
      letter = this.#receive(of, kind, content)!;
      ({ kind, content } = letter);
    } while (this.#isAlive(of) && letter.to === of);
    this.#disposing.pop();
    const failed = !this.#isAlive(of) && kind === 'error' ? show(content) : undefined;
    this.log.push(`${failed === undefined ? 'switch' : 'throw'} ${of} ${by}`);
    this.#current = by;
    if (failed !== undefined) return failed;
    return this.#isAlive(of) ? refusals.undead : 'done';
  }

  #isAlive(i: number): boolean {
    return this.#people[i]!.state === 'alive';
  }
}
