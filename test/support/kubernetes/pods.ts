import { OPTIONS } from '../../../src/config.js';
import { mayBeFile } from '../../../src/config-environment.js';
import type { Option } from '../../../src/config-option.js';
import {
  type Container,
  containersOf,
  environmentOf,
  type HttpProbe,
  type Manifest,
  nameOf,
  type PodTemplate,
  templateOf,
} from './manifests.js';

/** Read by Node and not by the engine. */
const NODE_VARIABLES = ['NODE_OPTIONS'];
const USER = 10_001;
const OPTION_LIST: readonly Option[] = Object.values(OPTIONS);

/** What is wrong with the pods of a manifest by themselves. `routes` are the HTTP paths of each command. A sentence each. */
export function podFaults(
  manifest: Manifest,
  manifests: readonly Manifest[],
  routes: ReadonlyMap<string, readonly string[]>,
): string[] {
  const template = templateOf(manifest);
  if (template === null) return [];
  const faults = [
    ...insecure(template),
    ...containersOf(template).flatMap((container) => [
      ...insecureContainer(container, template),
      ...unknownVariables(container, manifests),
      ...missingFiles(container, template, manifests),
      ...wrongProbes(container, routes),
      ...(container.args?.[0] === 'start' ? unorderedGraces(container, template, manifests) : []),
    ]),
  ];
  return faults.map((fault) => `${nameOf(manifest)}: ${fault}`);
}

function insecure({ spec }: PodTemplate): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = spec.securityContext ?? {};
  return [
    runAsNonRoot === true && runAsUser === USER ? '' : `does not run as ${USER}`,
    (seccompProfile as { type?: string } | undefined)?.type === 'RuntimeDefault' ? '' : 'has no seccomp profile',
    spec.automountServiceAccountToken === false ? '' : 'carries a token for the API server',
    spec.serviceAccountName === undefined ? 'has no service account of its own' : '',
  ].filter((fault) => fault !== '');
}

function insecureContainer(container: Container, { spec }: PodTemplate): string[] {
  const { securityContext = {}, resources, volumeMounts = [] } = container;
  const { add = [], drop = [] } = (securityContext.capabilities ?? {}) as { add?: string[]; drop?: string[] };
  const secrets = (spec.volumes ?? []).filter(({ secret }) => secret !== undefined);
  const writable = volumeMounts.filter(
    ({ name, readOnly }) => readOnly !== true && secrets.some((one) => one.name === name),
  );
  const unbounded = (spec.volumes ?? []).filter(
    ({ emptyDir }) => emptyDir !== undefined && emptyDir.sizeLimit === undefined,
  );
  return [
    securityContext.allowPrivilegeEscalation === false ? '' : `${container.name} may gain privileges`,
    securityContext.readOnlyRootFilesystem === true ? '' : `${container.name} has a writable root`,
    drop.includes('ALL') && add.length === 0 ? '' : `${container.name} keeps capabilities`,
    securityContext.runAsUser === undefined && securityContext.privileged !== true
      ? ''
      : `${container.name} is not who its pod is`,
    resources?.limits?.memory && resources.limits.cpu && resources.requests?.memory && resources.requests.cpu
      ? ''
      : `${container.name} has no bounds`,
    writable.length === 0 ? '' : `${container.name} may write secrets`,
    unbounded.length === 0 ? '' : 'has a volume without a bound',
  ].filter((fault) => fault !== '');
}

/** Every variable must be one that something reads: a misspelt one is ignored, and its default holds. */
function unknownVariables(container: Container, manifests: readonly Manifest[]): string[] {
  const known = new Set([
    ...NODE_VARIABLES,
    ...OPTION_LIST.flatMap((option) => (mayBeFile(option) ? [option.env, `${option.env}_FILE`] : [option.env])),
  ]);
  const env = environmentOf(container, manifests);
  const open = OPTION_LIST.filter((option) => option.secret && env[option.env] !== undefined);
  return [
    ...Object.keys(env).flatMap((name) => (known.has(name) ? [] : [`nothing reads ${name}`])),
    ...open.map(({ env: name }) => `${name} is a secret in a variable`),
  ];
}

/** Every file that a variable names must be a key of the Secret that is mounted there. */
function missingFiles(container: Container, template: PodTemplate, manifests: readonly Manifest[]): string[] {
  const env = environmentOf(container, manifests);
  const paths = new Set(OPTION_LIST.filter(({ type }) => type === 'path').map((option) => option.env));
  return Object.entries(env)
    .filter(([name]) => name.endsWith('_FILE') || paths.has(name))
    .flatMap(([name, path]) => {
      const mount = container.volumeMounts?.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
      const volume = template.spec.volumes?.find((one) => one.name === mount?.name);
      const secret = manifests.find((one) => one.kind === 'Secret' && one.metadata.name === volume?.secret?.secretName);
      const key = path.slice((mount?.mountPath.length ?? 0) + 1);
      return secret?.stringData?.[key] === undefined ? [`${name}: no Secret has ${path}`] : [];
    });
}

function wrongProbes(container: Container, routes: ReadonlyMap<string, readonly string[]>): string[] {
  const { startupProbe, livenessProbe, readinessProbe, args = [] } = container;
  const served = routes.get(args[0] ?? '') ?? [];
  const probes = [startupProbe, livenessProbe, readinessProbe].filter(
    (probe): probe is HttpProbe => probe !== undefined,
  );
  return [
    ...probes.flatMap(({ httpGet, periodSeconds, timeoutSeconds }) => [
      ...(served.includes(httpGet.path) ? [] : [`${args[0]} serves no ${httpGet.path}`]),
      ...(container.ports?.some(({ name, containerPort }) => name === httpGet.port || containerPort === httpGet.port)
        ? []
        : [`a probe asks at ${httpGet.port}, which is no port of ${container.name}`]),
      ...(timeoutSeconds <= periodSeconds ? [] : [`a probe of ${httpGet.path} waits longer than its period`]),
    ]),
    // Restarting mends neither database nor broker, which the other two routes depend on.
    ...(livenessProbe === undefined || livenessProbe.httpGet.path === '/live'
      ? []
      : ['would be restarted for the fault of another']),
    ...(routes.has(args[0] ?? '') && probes.length < 3 ? ['is not probed for start, life and readiness'] : []),
  ];
}

/** The kubelet’s patience > the engine’s drain > a stuck flush. */
function unorderedGraces(container: Container, { spec }: PodTemplate, manifests: readonly Manifest[]): string[] {
  const env = environmentOf(container, manifests);
  const msOf = (option: Option): number => Number(env[option.env] ?? option.default);
  const graceMs = (spec.terminationGracePeriodSeconds ?? 30) * 1_000;
  const drainMs = msOf(OPTIONS.shutdownTimeoutMs);
  const flushMs = msOf(OPTIONS.databaseFlushTimeoutMs);
  return graceMs > drainMs && drainMs > flushMs
    ? []
    : [`graces are not in order: kubelet ${graceMs} ms, drain ${drainMs} ms, flush ${flushMs} ms`];
}
