import { readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

/**
 * What may stand behind the language of a fence, and what it says:
 *
 * * `skip="why"`: not run. The test of the page holds the list of these.
 * * `exit=3`: the command ends with this code, and not with 0.
 * * `until="text"`: the command runs until told to stop; it is, as by Ctrl-C, once it has printed this, and then ends with `exit`.
 * * `output`: what the block before printed, shortened: `…` stands for anything, a number for any number.
 * * `file="path"`: no command but a file: it is written there, in the folder the page's commands run in.
 * * `rows=any`: the queries of an sql block may find nothing; else the last one finds something.
 * * `as=NAME`: the page's test gives the block another connection than the page's own.
 */
const MARKS = ['skip', 'exit', 'until', 'output', 'file', 'rows', 'as'] as const;

export type DocMark = (typeof MARKS)[number];

/** A fenced block of a page. */
export interface DocBlock {
  /** From the project's folder on: `docs/add-a-replica.md`. */
  readonly page: string;
  /** Of the opening fence, counted from 1. */
  readonly line: number;
  /** Of the section it stands in; the page's title before the first one. */
  readonly heading: string;
  readonly language: string;
  /** A mark without a value has an empty text. */
  readonly marks: Readonly<Partial<Record<DocMark, string>>>;
  readonly text: string;
}

/** Where a reader finds it. */
export function placeOf({ page, line, heading }: DocBlock): string {
  return `${page}:${line} (${heading})`;
}

/** The fenced blocks of a page of the project, in order. Throws where a fence is open, has no language or an unknown mark. */
export function docBlocks(page: string): DocBlock[] {
  return parseBlocks(page, readPage(page));
}

/** The text of a page, by its path from the project's folder on. */
export function readPage(page: string): string {
  return readFileSync(new URL(page, ROOT), 'utf8');
}

export function parseBlocks(page: string, markdown: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  let heading = '';
  let open: { line: number; fence: string; indent: string; info: string; text: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open === null) {
      heading = /^#+ +(.*)$/.exec(line)?.[1] ?? heading;
      const [, indent = '', fence, info = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
      if (fence !== undefined) open = { line: index + 1, fence, indent, info: info.trim(), text: [] };
    } else if (line.trim() === open.fence) {
      const { language, marks } = parseInfo(`${page}:${open.line}`, open.info);
      blocks.push({ page, line: open.line, heading, language, marks, text: `${open.text.join('\n')}\n` });
      open = null;
    } else {
      open.text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: the block is never closed`);
  return blocks;
}

function parseInfo(place: string, info: string): Pick<DocBlock, 'language' | 'marks'> {
  const [, language = '', rest = ''] = /^(\S*)(.*)$/.exec(info) ?? [];
  if (language === '') throw new Error(`${place}: the block names no language; what is no code is \`text\``);
  const marks: Partial<Record<DocMark, string>> = {};
  for (const [word, name = '', quoted, plain] of rest.matchAll(/([^\s=]+)(?:="([^"]*)"|=(\S*))?/g)) {
    if (!isMark(name)) throw new Error(`${place}: "${word}" is none of the marks ${MARKS.join(', ')}`);
    marks[name] = quoted ?? plain ?? '';
  }
  return { language, marks };
}

function isMark(name: string): name is DocMark {
  return (MARKS as readonly string[]).includes(name);
}
