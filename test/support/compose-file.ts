import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const COMPOSE_FOLDER = new URL('../../../deployment/compose/', import.meta.url);

type Tree = { [key: string]: unknown };

/** A service as the files together make it: short forms as written, variables filled in. */
export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly stop_grace_period?: string;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
}

export interface ComposeProject {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
}

export function composeText(file: string): string {
  return readFileSync(new URL(file, COMPOSE_FOLDER), 'utf8');
}

/** What compose makes of the files, one upon the other, by the rules of its specification that they use. */
export function composeProject(files: readonly string[], variables: Readonly<Record<string, string>>): ComposeProject {
  const trees = files.map((file) => {
    const tree = load(file, variables);
    tree.services = mapValues(tree.services as Tree, (service) => extended(service as Tree, variables));
    return tree;
  });
  return trees.reduce(merged) as unknown as ComposeProject;
}

function load(file: string, variables: Readonly<Record<string, string>>): Tree {
  return filled(parse(composeText(file), { merge: true }), variables) as Tree;
}

function extended(service: Tree, variables: Readonly<Record<string, string>>): Tree {
  const { extends: base, ...own } = service as Tree & { extends?: { file: string; service: string } };
  if (base === undefined) return own;
  return merged((load(base.file, variables).services as Tree)[base.service] as Tree, own);
}

/** Maps are joined key by key and lists one behind the other; of anything else, and of these, the later counts. */
function merged(one: Tree, other: Tree): Tree {
  const result: Tree = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = result[key];
    if (Array.isArray(before) && Array.isArray(value) && !['command', 'entrypoint', 'test'].includes(key))
      result[key] = [...before, ...value];
    else if (isTree(before) && isTree(value)) result[key] = merged(before, value);
    else result[key] = value;
  }
  return result;
}

function filled(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolate(value, variables);
  if (Array.isArray(value)) return value.map((entry) => filled(entry, variables));
  return isTree(value) ? mapValues(value, (entry) => filled(entry, variables)) : value;
}

const VARIABLE = /\$\{(\w+)(?::([-?])([^{}]*))?\}/;

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, one within the other, and `$$`. */
function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  let rest = text.replaceAll('$$', '\0');
  for (let found = VARIABLE.exec(rest); found !== null; found = VARIABLE.exec(rest)) {
    const [whole, name = '', sign, argument = ''] = found;
    const value = variables[name] ?? '';
    if (value === '' && sign === '?') throw new Error(argument);
    const filling = value === '' && sign === '-' ? argument : value;
    rest = rest.slice(0, found.index) + filling + rest.slice(found.index + whole.length);
  }
  return rest.replaceAll('\0', '$');
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues(tree: Tree, of: (value: unknown) => unknown): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, of(value)]));
}
