import { OPTION_CHAPTERS } from './config.js';
import { mayBeFile } from './config-environment.js';
import type { Option } from './config-option.js';

const BEGIN = '<!-- options -->';
const END = '<!-- /options -->';

/** README's configuration chapter, in Markdown: a table for each chapter of the options. */
export function optionTables(): string {
  return OPTION_CHAPTERS.map(([chapter, options]) =>
    [
      `### ${chapter}`,
      '',
      '| variable | default | what it is |',
      '|---|---|---|',
      ...Object.values(options).map((option: Option) => row(option)),
    ].join('\n'),
  ).join('\n\n');
}

/** A document with what stands between its option marks replaced by the tables. */
export function withOptionTables(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`The document has no ${BEGIN} … ${END}.`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${optionTables()}\n\n${document.slice(end)}`;
}

function row(option: Option): string {
  return `| \`${option.env}\` | ${defaultOf(option)} | ${descriptionOf(option)} |`;
}

function defaultOf(option: Option): string {
  const { default: value, unit } = option;
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return '';
  if (typeof value !== 'number') return `\`${value}\``;
  return `\`${value}\`${unit === undefined ? '' : ` ${unit}`}`;
}

function descriptionOf(option: Option): string {
  const unnamed = (option.choices ?? []).filter((choice) => !option.description.includes(`\`${choice}\``));
  const range =
    option.min === undefined ? '' : ` From ${digits(option.min)} to ${digits(option.max ?? Number.MAX_SAFE_INTEGER)}.`;
  const choices = unnamed.length === 0 ? '' : ` One of ${option.choices?.map((choice) => `\`${choice}\``).join(', ')}.`;
  const file = mayBeFile(option) ? ` Or \`${option.env}_FILE\`.` : '';
  return `${option.description}${choices}${range}${file}`.replaceAll('|', '\\|');
}

function digits(value: number): string {
  return value.toLocaleString('en-US');
}
