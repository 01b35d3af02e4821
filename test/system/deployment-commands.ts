import { parseAllDocuments } from 'yaml';

/** What a deployment has that a command may name. */
export interface Deployed {
  /** Names by kind, in lower case: `deployment` → its names. */
  readonly objects: Readonly<Record<string, readonly string[]>>;
  /** Names of the containers of each Deployment. */
  readonly containers: Readonly<Record<string, readonly string[]>>;
  readonly services: readonly string[];
}

/** What a command comes to on the machine of the test. */
export type Action =
  | { readonly does: 'nothing' }
  | { readonly does: 'run'; readonly command: readonly string[]; readonly as: 'engine' | 'owner' | 'monitor' }
  | { readonly does: 'print'; readonly key: string }
  | { readonly does: 'secret'; readonly name: string; readonly files: readonly string[] }
  | { readonly does: 'apply'; readonly files: readonly string[] }
  | { readonly does: 'signal'; readonly signal: string };

const NOTHING: Action = { does: 'nothing' };
const KINDS: Readonly<Record<string, string>> = {
  deploy: 'deployment',
  hpa: 'horizontalpodautoscaler',
  secret: 'secret',
  job: 'job',
  cronjob: 'cronjob',
  scaledobject: 'scaledobject',
};
/** Flags of `docker compose` and kubectl that stand for nothing here, by the number of values behind each. */
const FLAGS: Readonly<Record<string, number>> = {
  '-T': 0,
  '-i': 0,
  '-d': 0,
  '--rm': 0,
  '--no-deps': 0,
  '--force-recreate': 0,
  '--wait': 0,
  '--ignore-not-found': 0,
  '--overwrite': 0,
  '--tail': 1,
  '-s': 1,
  '-c': 1,
  '-o': 1,
  '-f': 1,
  '-k': 1,
  '--patch': 1,
  '--raw': 1,
  '-t': 1,
};

class Words {
  readonly plain: string[] = [];
  readonly flags = new Map<string, string>();
  /** Behind `--`. */
  readonly command: string[] = [];

  /** Takes flags out wherever they stand; behind `stopAfter` plain words none is looked for. */
  constructor(words: readonly string[], stopAfter = Number.POSITIVE_INFINITY) {
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      if (word === '--') {
        this.command.push(...words.slice(at + 1));
        return;
      }
      if (this.plain.length >= stopAfter || !word.startsWith('-')) {
        this.plain.push(word);
        continue;
      }
      const [name = '', inline] = word.startsWith('--') ? word.split(/=(.*)/s) : [word];
      if (inline !== undefined) this.flags.set(name, inline);
      else if (FLAGS[name] === undefined) throw new Error(`${name}: no flag that a page may use`);
      else this.flags.set(name, FLAGS[name] === 0 ? '' : (words[++at] ?? ''));
    }
  }
}

/** What `docker WORDS` means where deployment/compose is up. Throws where it is nothing that could work there. */
export function dockerAction(words: readonly string[], { services }: Deployed): Action {
  const [compose, verb, ...rest] = words;
  if (compose === 'build') return NOTHING;
  if (compose !== 'compose') throw new Error(`docker ${compose}: not of this deployment`);
  const inside = verb === 'exec' || verb === 'run';
  const { plain, flags } = new Words(rest, inside ? 1 : undefined);
  for (const service of inside ? plain.slice(0, 1) : plain)
    if (!services.includes(service)) throw new Error(`docker-compose.yml has no service ${service}`);
  if (verb === 'kill') return { does: 'signal', signal: flags.get('-s') ?? 'KILL' };
  if (verb === 'exec' || verb === 'run') {
    const [service = '', ...command] = plain;
    // The image's entry point is the engine; `exec` goes past it.
    const whole = verb === 'run' ? ['engine', ...command] : command;
    return { does: 'run', command: whole, as: service === 'migrate' ? 'owner' : 'engine' };
  }
  if (['up', 'stop', 'restart', 'logs', 'ps', 'config'].includes(verb ?? '')) return NOTHING;
  throw new Error(`docker compose ${verb}: no command that a page may use`);
}

/** Likewise of kubectl, where deployment/kubernetes is applied. */
export function kubectlAction(words: readonly string[], deployed: Deployed): Action {
  const [verb = '', ...rest] = words;
  const { plain, flags, command } = new Words(rest);
  if (verb === 'apply') {
    const files = rest.filter((_, at) => ['-f', '-k'].includes(rest[at - 1] ?? ''));
    if (files.length === 0) throw new Error('kubectl apply: neither -f nor -k');
    return { does: 'apply', files };
  }
  if (verb === 'create') {
    const [, , name = ''] = plain;
    known('secret', name, deployed);
    const files = rest.flatMap((word) => /^--from-file=(?:[^=]+=)?(.+)$/.exec(word)?.[1] ?? []);
    return { does: 'secret', name, files };
  }
  if (verb === 'annotate') {
    const [kind = '', name = '', annotation = ''] = plain;
    known(kind, name, deployed);
    if (kind !== 'scaledobject' || !/^autoscaling\.keda\.sh\/paused-replicas(-|=\d+)$/.test(annotation))
      throw new Error(`kubectl annotate ${kind}: ${annotation} is nothing that KEDA heeds`);
    return NOTHING;
  }
  const named = ['rollout', 'set'].includes(verb) ? plain.slice(1) : plain;
  const [first = ''] = objectsOf(named).map(([kind, name]) => known(kind, name, deployed));
  if (verb === 'exec') return execution(first, flags.get('-c'), command, deployed);
  if (verb === 'get' && flags.get('-o')?.startsWith('jsonpath=')) return { does: 'print', key: first };
  if (['get', 'logs', 'scale', 'patch', 'rollout', 'port-forward', 'wait', 'delete', 'set', 'top'].includes(verb))
    return NOTHING;
  throw new Error(`kubectl ${verb}: no command that a page may use`);
}

function execution(
  name: string,
  container: string | undefined,
  command: readonly string[],
  deployed: Deployed,
): Action {
  const containers = deployed.containers[name] ?? [];
  if (container === undefined || !containers.includes(container))
    throw new Error(`${name} has the containers ${containers.join(', ')}, and not ${container}`);
  const [shell, , script = ''] = command;
  const signal = shell === 'sh' ? /^kill -(\w+) 1$/.exec(script)?.[1] : undefined;
  if (signal !== undefined) return { does: 'signal', signal };
  // There it would reach a container's process, here one of this machine.
  if (/\bkill\b/.test(command.join(' '))) throw new Error(`${command.join(' ')}: a page may say \`kill -SIGNAL 1\``);
  return { does: 'run', command, as: name.includes('lag-exporter') ? 'monitor' : 'engine' };
}

/** `deploy/x y`, `hpa x`: pairs of a kind and a name. */
function objectsOf(words: readonly string[]): [string, string][] {
  const [kind = '', name] = words;
  if (words.some((word) => word.includes('/')))
    return words.filter((word) => word.includes('/')).map((word) => word.split('/') as [string, string]);
  return name === undefined ? [] : [[kind, name]];
}

function known(kind: string, name: string, { objects }: Deployed): string {
  if (objects[KINDS[kind] ?? kind]?.includes(name)) return name;
  throw new Error(`deployment/kubernetes has no ${kind} ${name}`);
}

/** What applying a text would make, by kind and name; throws where it is no YAML of Kubernetes, or of an object unknown here. */
export function applied(text: string, deployed: Deployed): string[] {
  return parseAllDocuments(text).map((document) => {
    const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string } };
    return `${kind} ${known(kind.toLowerCase(), metadata.name, deployed)}`;
  });
}
