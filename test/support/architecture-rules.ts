import { type Edge, findCycles, type ImportGraph, packagesReachedFrom, type Tree } from './import-graph.js';

/** Where a file stands in the order of the folders. */
type Zone = 'ingest' | 'workers' | 'sink' | 'observe' | 'foundation' | 'schema' | 'contract' | 'top' | 'vendor';

/** The slabs that cross between threads: made on one side, read on the other, so every folder knows their shape. */
const CONTRACT = 'src/workers/messages.ts';
const WORKER_DOOR = 'src/workers/decode-worker.ts';
/** Native code crashes in a worker, and a logger or a client there would talk for every slab. */
const FORBIDDEN_IN_WORKERS = [
  'node-rdkafka',
  'pg',
  'pg-copy-streams',
  'pino',
  'prom-client',
  'hyper-express',
  'uWebSockets.js',
];
const LINES_MAX = 350;

/** What each zone may load, and what it may know the types of besides. Data flows ingest → workers → sink. */
const ALLOWED: Record<Exclude<Zone, 'top'>, { values: readonly Zone[]; types: readonly Zone[] }> = {
  ingest: { values: ['foundation', 'observe', 'contract'], types: [] },
  workers: { values: ['foundation', 'observe', 'contract', 'schema'], types: ['ingest'] },
  sink: { values: ['foundation', 'observe', 'contract'], types: ['workers'] },
  observe: { values: ['foundation'], types: ['ingest', 'workers', 'sink', 'contract'] },
  foundation: { values: [], types: [] },
  schema: { values: [], types: [] },
  contract: { values: [], types: [] },
  vendor: { values: [], types: [] },
};

function zoneOf(path: string): Zone {
  if (path === CONTRACT) return 'contract';
  const [top, second = ''] = path.split('/');
  if (top === 'vendor') return 'vendor';
  if (top === 'proto') return 'schema';
  if (second === 'ingest' || second === 'workers' || second === 'sink' || second === 'observe') return second;
  return /^(config(-[a-z-]+)?|errors|tables)\.ts$/.test(second) ? 'foundation' : 'top';
}

/** Every breach of the architecture in the tree, a sentence each. */
export function breaches(tree: Tree, graph: ImportGraph): string[] {
  return [
    ...findCycles(graph).map((cycle) => `import cycle: ${cycle.join(' → ')}`),
    ...[...graph].flatMap(([path, edges]) => edges.flatMap((edge) => edgeBreach(path, edge))),
    ...workerBreaches(graph),
    ...[...tree].flatMap(([path, text]) => fileBreaches(path, text)),
  ];
}

function edgeBreach(path: string, edge: Edge): string[] {
  if (edge.to === 'missing') return [`${path} imports ${edge.target}, which is not there`];
  const from = zoneOf(path);
  if (edge.to !== 'file' || from === 'top') return [];
  const to = zoneOf(edge.target);
  const allowed = ALLOWED[from];
  if (from === to || allowed.values.includes(to)) return [];
  if (allowed.types.includes(to)) {
    return edge.kind === 'type'
      ? []
      : [`${path} (${from}) loads ${edge.target} (${to}), of which it may import types only`];
  }
  return [`${path} (${from}) imports ${edge.target} (${to})`];
}

function workerBreaches(graph: ImportGraph): string[] {
  if (!graph.has(WORKER_DOOR)) return [`${WORKER_DOOR} is not there`];
  const reached = packagesReachedFrom(graph, WORKER_DOOR);
  return FORBIDDEN_IN_WORKERS.filter((name) => reached.has(name)).map(
    (name) => `a decode worker loads ${name}: ${[...reached.get(name)!, name].join(' → ')}`,
  );
}

function fileBreaches(path: string, text: string): string[] {
  if (!path.startsWith('src/')) return [];
  const found: string[] = [];
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, '');
  if (/^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m.test(code)) found.push(`${path} has a default export`);
  if (isBarrel(code)) found.push(`${path} is a barrel: it only hands on what others export`);
  if (/\/utils?\.[cm]?ts$/.test(path)) found.push(`${path} is named for nothing: a helper lives with its user`);
  const lines = text.split('\n').length - 1;
  if (lines > LINES_MAX) found.push(`${path} has ${lines} lines, over ${LINES_MAX}`);
  return found;
}

function isBarrel(code: string): boolean {
  if (/^export\s+(type\s+)?\*/m.test(code)) return true;
  const reExports = /^export\s+(?:type\s+)?\{[^}]*\}(?:\s*from\s*["'][^"']+["'])?;?/gm;
  const imports = /^import\b[^;]*;/gm;
  return reExports.test(code) && code.replaceAll(reExports, '').replaceAll(imports, '').trim() === '';
}
