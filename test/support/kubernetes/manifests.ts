import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const KUBERNETES = fileURLToPath(new URL('../../../../deployment/kubernetes/', import.meta.url));

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels?: Labels;
}

export interface HttpProbe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: { name: string; key: string; optional?: boolean } };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env?: readonly EnvEntry[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: HttpProbe;
  readonly livenessProbe?: HttpProbe;
  readonly readinessProbe?: HttpProbe;
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly defaultMode?: number };
  readonly configMap?: { readonly name: string };
  readonly emptyDir?: { readonly sizeLimit?: string };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels; readonly annotations?: Labels };
  readonly spec: PodSpec;
}

/** A Kubernetes object as it stands in a file. `spec` is whatever its kind makes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Labels;
  readonly stringData?: Labels;
}

/** The documents of a text of YAML. Throws where it is none, or a key stands in it twice. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJS() as Manifest;
  });
}

/** What `kubectl apply -f FOLDER` reads: the YAML and JSON files of the folder itself. */
export function manifestsIn(folder: string): Manifest[] {
  return textsIn(folder).flatMap(manifestsOf);
}

/** The texts of {@link manifestsIn}, a file each. */
export function textsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** How kustomize can be run here: kubectl's, or a program of its own. Null where there is neither. */
export const KUSTOMIZE: readonly string[] | null =
  [
    ['kubectl', 'kustomize'],
    ['kustomize', 'build'],
  ].find(([program = '', verb = '']) => spawnSync(program, [verb, '--help']).status === 0) ?? null;

export const NO_KUSTOMIZE = 'neither kubectl nor kustomize is installed (see .ci/install-packages)';

/** Why no overlay can be rendered here, false where one can. With KUSTOMIZE_REQUIRED set it is to be rendered all the same. */
export const WITHOUT_KUSTOMIZE = KUSTOMIZE !== null || process.env.KUSTOMIZE_REQUIRED ? false : NO_KUSTOMIZE;

const renderings = new Map<string, string>();

/** An overlay as `kubectl apply -k` would send it. */
export function rendered(overlay: string): Manifest[] {
  return manifestsOf(renderedText(overlay));
}

/** As {@link rendered}, before anything has read it. */
export function renderedText(overlay: string): string {
  const known = renderings.get(overlay);
  if (known !== undefined) return known;
  const text = kustomized(join(KUBERNETES, 'overlays', overlay));
  renderings.set(overlay, text);
  return text;
}

/** What kustomize makes of a folder. */
export function kustomized(folder: string): string {
  const [program = 'kubectl', verb = 'kustomize'] = KUSTOMIZE ?? [];
  const { status, stdout, stderr } = spawnSync(program, [verb, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${verb} ${folder}: ${stderr}`);
  return stdout;
}

/** The one of a kind with that name, which must be among them. */
export function named(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  assert.ok(found, `there is no ${kind} ${name} among ${manifests.map(nameOf).join(', ')}`);
  return found;
}

export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

/** The pods that a manifest makes, null where it makes none. */
export function templateOf({ kind, spec }: Manifest): PodTemplate | null {
  if (kind === 'Deployment' || kind === 'Job') return (spec as unknown as { template: PodTemplate }).template;
  if (kind === 'CronJob')
    return (spec as unknown as { jobTemplate: { spec: { template: PodTemplate } } }).jobTemplate.spec.template;
  return null;
}

export function containersOf({ spec }: PodTemplate): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

export function selects({ matchLabels = {} }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}

/** What a container's variables are: those of its ConfigMaps, then its own. A reference to a ConfigMap that is not there leaves what was before. */
export function environmentOf(container: Container, manifests: readonly Manifest[]): Record<string, string> {
  const dataOf = (name: string): Labels =>
    manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data ?? {};
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) Object.assign(env, dataOf(configMapRef.name));
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { configMapKeyRef: ref } = valueFrom ?? {};
    const text = ref === undefined ? value : dataOf(ref.name)[ref.key];
    if (text !== undefined) env[name] = text;
  }
  return env;
}
