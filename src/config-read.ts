import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Option } from './config-option.js';

export type OptionValue = string | number | boolean | readonly string[];

/** What an option's text came to, or what it should have been. */
export type Reading = { readonly value: OptionValue } | { readonly wants: string };

/** Reads the text of one option. Texts are trimmed, secrets are not. Paths are made absolute from `directory`. */
export function readOption(option: Option, text: string, directory: string): Reading {
  const trimmed = text.trim();
  switch (option.type) {
    case 'integer':
      return readInteger(option, trimmed);
    case 'boolean':
      return readBoolean(trimmed);
    case 'choice':
      return readChoice(option.choices ?? [], trimmed);
    case 'list':
      return readList(option, trimmed);
    case 'path':
      return readPath(trimmed, directory);
    case 'string':
      return { value: option.secret ? text : trimmed };
  }
}

function readInteger(option: Option, text: string): Reading {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = option;
  const value = /^-?\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  if (value >= min && value <= max) return { value };
  const unit = option.unit === undefined ? '' : ` of ${option.unit}`;
  return { wants: `a whole number${unit} from ${min} to ${max}` };
}

function readBoolean(text: string): Reading {
  const word = text.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return { value: true };
  if (['false', '0', 'no', 'off'].includes(word)) return { value: false };
  return { wants: 'true or false' };
}

function readChoice(choices: readonly string[], text: string): Reading {
  const value = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  return value === undefined ? { wants: `one of ${choices.join(', ')}` } : { value };
}

function readList(option: Option, text: string): Reading {
  const entries: string[] = [];
  for (const part of text.split(',')) {
    const entry = part.trim();
    if (entry === '') continue;
    const reading = option.choices === undefined ? { value: entry } : readChoice(option.choices, entry);
    if ('wants' in reading) return { wants: `any of ${(option.choices ?? []).join(', ')}, separated by commas` };
    if (!entries.includes(String(reading.value))) entries.push(String(reading.value));
  }
  return entries.length > 0 ? { value: Object.freeze(entries) } : { wants: 'at least one entry' };
}

function readPath(text: string, directory: string): Reading {
  const problem = whyUnreadable(resolve(directory, text));
  return problem === null ? { value: resolve(directory, text) } : { wants: `a file that can be read (${problem})` };
}

/** Why a file cannot be read, in words; null where it can. */
export function whyUnreadable(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return 'this is no file';
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is none at this place';
    if (code === 'EACCES' || code === 'EPERM') return 'this one is not readable by the user of this process';
    return String(code ?? error);
  }
}
