import { escapeHtml } from './escape.js';

/** A thread's CPU profile, as samples by call stack. */
export interface Flame {
  readonly title: string;
  readonly root: FlameNode;
}

export interface FlameNode {
  readonly name: string;
  /** Samples here and below, in ms. */
  ms: number;
  readonly children: Map<string, FlameNode>;
}

/** What a `.cpuprofile` file holds, as far as it is used here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  /** µs between samples. */
  readonly timeDeltas?: readonly number[];
}

/** Waiting, which is no work; the last is an idle worker of piscina in Atomics.wait. */
const IDLE = /^(\(idle\)|\(program\)|atomicsWaitLoop( |$))/;
/** Between two samples; a longer time is one in which the process was stopped. */
const DELTA_US_MAX = 50_000;

/** Merges a profile's samples by stack; idle time is left out. */
export function flameOf(profile: CpuProfile): FlameNode {
  const parents = new Map<number, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node.id);
  const root: FlameNode = { name: 'all', ms: 0, children: new Map() };
  const times = new Map<number, number>();
  profile.samples?.forEach((id, index) => {
    const delta = profile.timeDeltas?.[index] ?? 0;
    if (delta <= DELTA_US_MAX) times.set(id, (times.get(id) ?? 0) + delta / 1_000);
  });
  for (const [id, ms] of times) {
    const stack: string[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node !== undefined && node.callFrame.functionName !== '(root)') stack.push(frameName(node.callFrame));
    }
    if (stack.length > 0 && IDLE.test(stack[0]!)) continue;
    add(root, stack.reverse(), ms);
  }
  return root;
}

function add(root: FlameNode, stack: readonly string[], ms: number): void {
  let at = root;
  at.ms += ms;
  for (const name of stack) {
    let child = at.children.get(name);
    if (child === undefined) {
      child = { name, ms: 0, children: new Map() };
      at.children.set(name, child);
    }
    child.ms += ms;
    at = child;
  }
}

function frameName({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.split('/').at(-1) ?? '';
  return `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`;
}

/** Time in functions themselves, largest first: (name, ms). */
export function selfTimes(root: FlameNode): [name: string, ms: number][] {
  const times = new Map<string, number>();
  const visit = (node: FlameNode): void => {
    let own = node.ms;
    for (const child of node.children.values()) {
      own -= child.ms;
      visit(child);
    }
    if (node !== root && own > 0) times.set(node.name, (times.get(node.name) ?? 0) + own);
  };
  visit(root);
  return [...times].sort(([, one], [, other]) => other - one);
}

const WIDTH = 1_200;
const ROW = 16;
/** Narrower boxes are left out. */
const BOX_MIN = 1.2;
const CHARACTER = 6.2;

/** The chart, outermost calls at the top; a box tells its name and time when pointed at. */
export function flameHtml({ title, root }: Flame): string {
  const boxes: string[] = [];
  let depths = 0;
  const draw = (node: FlameNode, left: number, depth: number): void => {
    const width = (node.ms / root.ms) * WIDTH;
    if (!(width >= BOX_MIN)) return;
    depths = Math.max(depths, depth + 1);
    const label = width > 40 ? escapeHtml(node.name.slice(0, Math.floor(width / CHARACTER))) : '';
    const tip = `${escapeHtml(node.name)}: ${node.ms.toFixed(1)} ms, ${((100 * node.ms) / root.ms).toFixed(1)} %`;
    boxes.push(
      `<g><title>${tip}</title><rect class="f f${hueOf(node.name)}" x="${left.toFixed(1)}" y="${depth * ROW}" width="${Math.max(width - 0.5, 0.5).toFixed(1)}" height="${ROW - 1}"/><text class="ft" x="${(left + 3).toFixed(1)}" y="${depth * ROW + 11}">${label}</text></g>`,
    );
    let at = left;
    for (const child of [...node.children.values()].sort((one, other) => other.ms - one.ms)) {
      draw(child, at, depth + 1);
      at += (child.ms / root.ms) * WIDTH;
    }
  };
  draw(root, 0, 0);
  return `<figure class="wide"><figcaption>${escapeHtml(title)}: ${root.ms.toFixed(0)} ms at work</figcaption><svg viewBox="0 0 ${WIDTH} ${depths * ROW}" role="img" aria-label="${escapeHtml(title)}">${boxes.join('')}</svg></figure>`;
}

const HUES = 5;

function hueOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++) hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  return hash % HUES;
}
