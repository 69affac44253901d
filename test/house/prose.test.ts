/**
 * The rules of prose that a program can count; CONTRIBUTING.md has them all. A text is a comment, a string of code (an error, the name of a
 * test), or a Markdown document without its code. A folder that is not listed below has none of these faults; a listed one may only improve.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(
    (file) =>
      /\.(?:[mc]?[jt]s|md)$/.test(file) && !/^(?:api|test\/fixtures|test\/runners)\/|RESULTS\.md$|house\/prose\.test\.ts$/.test(file),
  );

interface Text {
  readonly line: number;
  readonly text: string;
  readonly isComment: boolean;
}

/** The comments of a module, each as one text, and its strings. */
function textsOfModule(source: string): Text[] {
  const texts: Text[] = [];
  const lines = source.split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    const line = i + 1;
    const code = lines[i]!;
    if (/^\s*\/\*/.test(code)) {
      const block: string[] = [];
      for (; i < lines.length; i += 1) {
        block.push(lines[i]!.replace(/^\s*(?:\/\*\*?|\*(?!\/))? ?/, '').replace(/\*\/.*$/, ''));
        if (lines[i]!.includes('*/')) break;
      }
      texts.push({ line, text: block.join('\n').trim(), isComment: true });
    } else if (/^\s*\/\//.test(code)) {
      const block: string[] = [];
      for (; /^\s*\/\//.test(lines[i] ?? ''); i += 1) block.push(lines[i]!.replace(/^\s*\/\/ ?/, ''));
      i -= 1;
      texts.push({ line, text: block.join('\n').trim(), isComment: true });
    } else {
      const trailing = /[;,{}()[\]\w'"`] (?:\/\/|\/\*\*?) ?([^'`]*)$/.exec(code)?.[1];
      if (trailing !== undefined) texts.push({ line, text: trailing, isComment: true });
      for (const [string] of code.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`/g))
        if (string.includes(' ')) texts.push({ line, text: string.slice(1, -1), isComment: false });
    }
  }
  return texts;
}

/** The paragraphs of a document, and of these not the code. */
function textsOfDocument(source: string): Text[] {
  let isCode = false;
  return source.split('\n').flatMap((text, i) => {
    if (/^\s*```/.test(text)) isCode = !isCode;
    return isCode ? [] : [{ line: i + 1, text, isComment: false }];
  });
}

const pronouns = /^(?:It|Its|Those|So|Who|Whose|Whoever|What|Whatever|Whether|They|Them|Their)\b/;
const rules: Record<string, (text: Text) => boolean> = {
  'begins with a pronoun': ({ text, isComment }) => isComment && pronouns.test(text),
  'has a person for a thread, a caller, a waiter': ({ text }) =>
    /\b(?:who|whom|whoever|whomever|nobody|somebody|anybody|everybody)\b/i.test(withoutCode(text)),
  'has a quantity without a name': ({ text }) => /\b(?:so\smany|so\smuch|for\sever)\b/i.test(withoutCode(text)),
};

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`]*`|\$\{[^}]*\}|@param \w+/g, '');
}

/** `src/sync` of `src/sync/lock.ts`; the files of the root count as one folder. */
function folderOf(file: string): string {
  const parts = file.split('/').slice(0, -1);
  return parts.slice(0, 2).join('/') || '.';
}

/** How many faults a folder may still have, and why. */
const left: Record<string, number> = {};

test('comments, messages, documents and names of tests keep the rules of prose', () => {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const source = readFileSync(root + file, 'utf8');
    for (const text of file.endsWith('.md') ? textsOfDocument(source) : textsOfModule(source))
      for (const [rule, isBroken] of Object.entries(rules)) {
        if (!isBroken(text)) continue;
        const folder = folderOf(file);
        found.set(folder, [...(found.get(folder) ?? []), `${file}:${text.line} ${rule}: ${text.text.slice(0, 100)}`]);
      }
  }
  for (const [folder, faults] of found) {
    const most = left[folder] ?? 0;
    assert.ok(faults.length <= most, `${folder}: ${faults.length} faults, at most ${most} may be left\n${faults.join('\n')}`);
  }
});

test('the lines of documents have at most 100 columns', () => {
  const tooLong = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      textsOfDocument(readFileSync(root + file, 'utf8'))
        // A row of a table, and a link or a word that cannot be broken, may be longer.
        .filter(({ text }) => text.length > 100 && !/^\s*\|/.test(text) && /\s\S/.test(text.slice(0, 100).trimStart()))
        .map(({ line }) => `${file}:${line}`),
    );
  assert.deepEqual(tooLong, []);
});
