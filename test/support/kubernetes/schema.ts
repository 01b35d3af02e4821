import type { Manifest } from './manifests.js';

interface Validate {
  (data: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly message?: string }[];
}

const PACKAGES: Readonly<Record<string, string>> = {
  v1: 'CoreV1',
  'apps/v1': 'AppsV1',
  'autoscaling/v2': 'AutoscalingV2',
  'batch/v1': 'BatchV1',
  'networking.k8s.io/v1': 'NetworkingV1',
  'policy/v1': 'PolicyV1',
};

/** Whether Kubernetes itself knows the kind; those of operators have no schema here. */
export function isBuiltIn({ apiVersion }: Manifest): boolean {
  return Object.hasOwn(PACKAGES, apiVersion);
}

/**
 * What Kubernetes' own schema has against a manifest, unknown fields included: the schema lets them pass, as the API server does
 * unless it is asked to be strict, and a misspelt `readinesProbe` would be none. Known is every field that the validator looks at.
 */
export async function schemaFaults(manifest: Manifest): Promise<string[]> {
  const name = `IoK8sApi${PACKAGES[manifest.apiVersion]}${manifest.kind}`;
  // The package's classes copy what they check, and hand out none of their validators: they lie beside its entry.
  const file = new URL(`_schemas/${name}.mjs`, import.meta.resolve('kubernetes-models'));
  const { validate } = (await import(file.href)) as { validate: Validate };
  const unread = new Map<string, Set<string>>();
  const valid = validate(watched(manifest, '', unread));
  const wrong = (valid ? [] : (validate.errors ?? [])).map(
    ({ instancePath, message }) => `${instancePath} ${message ?? 'is not what the schema wants'}`,
  );
  const unknown = [...unread].flatMap(([path, keys]) => [...keys].map((key) => `${path}/${key} is no field`));
  return [...wrong, ...unknown];
}

/** The value, and in `unread` the keys that nobody has read yet of each of its objects that was looked at. */
function watched(value: unknown, path: string, unread: Map<string, Set<string>>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const keys = new Set(Array.isArray(value) ? [] : Object.keys(value));
  unread.set(path, keys);
  const seen = new Map<string, unknown>();
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return inner;
      keys.delete(key);
      if (!seen.has(key)) seen.set(key, watched(inner, `${path}/${key}`, unread));
      return seen.get(key);
    },
  });
}
