import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** `value` imports load the module when the program runs, `type` imports are gone by then. */
export interface Import {
  readonly kind: 'value' | 'type';
  readonly specifier: string;
}

/** An import of a file of the tree (`file`), of a package or builtin (`package`), or of a file that is not there (`missing`). */
export interface Edge extends Import {
  readonly to: 'file' | 'package' | 'missing';
  /** Path in the tree, package name, or the path that is missing. */
  readonly target: string;
}

/** Edges of each file, by its path from the project's root, with `/`. */
export type ImportGraph = ReadonlyMap<string, readonly Edge[]>;

/** Files by path from the project's root, with their text. */
export type Tree = ReadonlyMap<string, string>;

const SOURCE = /\.[cm]?[jt]s$/;
const DECLARATION = /\.d\.[cm]?ts$/;

/** Reads the sources under the given folders of `root`. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const paths = folders.flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[]).map((path) =>
      posix.join(folder, path.split('\\').join('/')),
    ),
  );
  const sources = paths.filter(
    (path) => SOURCE.test(path) && !DECLARATION.test(path) && !path.includes('node_modules'),
  );
  return new Map(sources.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Lines that are comments as a whole; a specifier quoted in one imports nothing. */
const COMMENT_LINES = /^[ \t]*(?:\/\/|\/\*|\*).*$/gm;
/** Statements begin a line once formatted; a clause holds no quotes and no semicolon. */
const STATEMENTS = /^(import|export)\b(?![ \t]*[(.])([^'";]*?)(?:\bfrom\s*)?(["'])([^"'\n]+)\3/gm;
const CALLS = /(\btypeof\s+)?\b(?:import|require)\(\s*(["'])([^"'\n]+)\2\s*\)(\.[A-Z])?/g;

/**
 * Imports of a source file: import and export-from statements, `import()` and `require()`. Relies on the formatter. A
 * statement whose specifiers are all marked `type` one by one counts as a value import, because it is emitted as
 * `import {} from …` and loads the module all the same.
 */
export function parseImports(text: string): Import[] {
  const code = text.replaceAll(COMMENT_LINES, '');
  const imports: Import[] = [];
  for (const [, keyword, clause = '', , specifier = ''] of code.matchAll(STATEMENTS)) {
    const reExport = /^\s*(type\s+)?(\*|\{)/.test(clause);
    if (keyword === 'export' && !reExport) continue;
    imports.push({
      kind: /^\s+type\s+[^,]/.test(clause) && !/^\s+type\s+from\b/.test(clause) ? 'type' : 'value',
      specifier,
    });
  }
  for (const [, typeQuery, , specifier = '', typeMember] of code.matchAll(CALLS)) {
    imports.push({ kind: typeQuery || typeMember ? 'type' : 'value', specifier });
  }
  return imports;
}

export function buildGraph(tree: Tree): ImportGraph {
  return new Map(
    [...tree].map(([path, text]) => [path, parseImports(text).map((one) => resolveImport(tree, path, one))]),
  );
}

function resolveImport(tree: Tree, from: string, { kind, specifier }: Import): Edge {
  if (!specifier.startsWith('.')) {
    const [first = '', second] = specifier.replace(/^node:/, '').split('/');
    const target = first.startsWith('@') && second !== undefined ? `${first}/${second}` : first;
    return { kind, specifier, to: 'package', target };
  }
  const path = posix.join(posix.dirname(from), specifier);
  const candidates = [path, path.replace(/\.([cm]?)js$/, '.$1ts'), `${path}.js`];
  const found = candidates.find((candidate) => tree.has(candidate));
  return found ? { kind, specifier, to: 'file', target: found } : { kind, specifier, to: 'missing', target: path };
}

/** Import cycles, each as the files along it, the first one repeated at the end: at least one wherever there is any. */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const at = trail.indexOf(path);
    if (at !== -1) cycles.push([...trail.slice(at), path]);
    if (at !== -1 || done.has(path)) return;
    trail.push(path);
    for (const edge of graph.get(path) ?? []) if (edge.to === 'file') visit(edge.target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}

/** Packages that loading `start` loads, each with the files that lead there. */
export function packagesReachedFrom(graph: ImportGraph, start: string): Map<string, string[]> {
  const packages = new Map<string, string[]>();
  const seen = new Set<string>();
  const queue: string[][] = [[start]];
  for (let trail = queue.shift(); trail; trail = queue.shift()) {
    const path = trail.at(-1)!;
    if (seen.has(path)) continue;
    seen.add(path);
    for (const edge of graph.get(path) ?? []) {
      if (edge.kind === 'type') continue;
      if (edge.to === 'file') queue.push([...trail, edge.target]);
      else if (edge.to === 'package' && !packages.has(edge.target)) packages.set(edge.target, trail);
    }
  }
  return packages;
}
