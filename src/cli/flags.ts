/**
 * Reads flags and the words between them, by a table of the flags that a command has.
 *
 *     --name value   --name=value   -n value   -nvalue   --switch   --no-switch   -- ends the flags
 */

import { nearest, UsageError } from './usage-error.ts';

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** The name of its value in the help; a flag without it is a switch. */
  readonly value?: string;
  /** A switch that also has a `--no-` form. */
  readonly negatable?: boolean;
  /** For the help. */
  readonly text: string;
}

export interface Parsed<N extends string> {
  /** Values of flags that have one. */
  readonly values: Partial<Record<N, string>>;
  /** Switches that were given: true, or false in the `--no-` form. */
  readonly switches: Partial<Record<N, boolean>>;
  /** The other words, in their order. */
  readonly words: string[];
}

/** @throws UsageError naming what was not understood, with the nearest known flag */
export function parseFlags<const F extends readonly Flag[]>(argv: readonly string[], flags: F): Parsed<F[number]['name']> {
  const values: Record<string, string> = {};
  const switches: Record<string, boolean> = {};
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const { flag, shown, attached, isNegated } = recognize(word, flags);
    if (flag.value === undefined) {
      if (attached !== undefined) throw new UsageError(`${shown} takes no value, got "${attached}"`);
      switches[flag.name] = !isNegated;
      continue;
    }
    if (flag.name in values) throw new UsageError(`${shown} is given twice`);
    const next = argv[i + 1];
    if (attached === undefined) {
      if (next === undefined || (next.startsWith('-') && next !== '-')) {
        const hint = next === undefined ? '' : `; if ${next} is the value, write --${flag.name}=${next}`;
        throw new UsageError(`${shown} needs a value: --${flag.name} ${flag.value}${hint}`);
      }
      i++;
    }
    values[flag.name] = attached ?? next!;
  }
  return {
    values: values as Partial<Record<F[number]['name'], string>>,
    switches: switches as Partial<Record<F[number]['name'], boolean>>,
    words,
  };
}

interface Recognized {
  flag: Flag;
  /** As it was written, without the value. */
  shown: string;
  attached: string | undefined;
  isNegated: boolean;
}

function recognize(word: string, flags: readonly Flag[]): Recognized {
  if (!word.startsWith('--')) {
    const shown = word.slice(0, 2);
    const flag = flags.find(({ short }) => short === word[1]);
    if (flag === undefined) throw unknownFlag(word, flags);
    // A group of switches, such as -ab, is not read: no command has that many.
    const attached = word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined;
    return { flag, shown, attached, isNegated: false };
  }
  const equals = word.indexOf('=');
  const shown = equals < 0 ? word : word.slice(0, equals);
  const name = shown.slice(2);
  const isNegated = name.startsWith('no-') && flags.some((flag) => flag.negatable && `no-${flag.name}` === name);
  const flag = flags.find((each) => each.name === (isNegated ? name.slice(3) : name));
  if (flag === undefined) throw unknownFlag(shown, flags);
  return { flag, shown, attached: equals < 0 ? undefined : word.slice(equals + 1), isNegated };
}

function unknownFlag(shown: string, flags: readonly Flag[]): UsageError {
  if (/^-\d/.test(shown)) return new UsageError(`unknown flag ${shown}; if it is an item, write -- before the items`);
  const known = flags.flatMap(({ name, negatable }) => (negatable ? [name, `no-${name}`] : [name]));
  const meant = nearest(shown.replace(/^-+/, ''), known);
  const hint = meant === undefined ? '; if it is an item, write -- before the items' : `; did you mean --${meant}?`;
  return new UsageError(`unknown flag ${shown}${hint}`);
}

/** @throws UsageError unless it is a whole number from `min` on */
export function wholeNumber(text: string | undefined, name: string, min: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw new UsageError(`expected --${name} to be an integer >= ${min}, got "${text}"`);
}

/** The part of a help text that lists the flags. `more` are lines that look like them. */
export function flagHelp(flags: readonly Flag[], more: readonly [head: string, text: string][] = []): string {
  const heads = flags.map(({ name, short, value, negatable }) => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}${negatable ? `, --no-${name}` : ''}`;
    return short === undefined ? `    ${long}` : `-${short}, ${long}`;
  });
  const width = Math.max(...heads.map((head) => head.length)) + 3;
  const rows = [...flags.map(({ text }, i) => [heads[i]!, text] as const), ...more];
  return rows.map(([head, text]) => `  ${head.padEnd(width)}${text}`).join('\n');
}
