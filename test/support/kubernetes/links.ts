import {
  containersOf,
  type Labels,
  type Manifest,
  nameOf,
  type PodTemplate,
  type Selector,
  selects,
  templateOf,
} from './manifests.js';

interface Pods {
  readonly owner: string;
  readonly template: PodTemplate;
}

/**
 * What one manifest says of another that is not so: selectors that select nothing, ports nobody has, names of nothing. `manifests`
 * are all that stand in the cluster together, Secrets included. A sentence each.
 */
export function brokenLinks(manifests: readonly Manifest[]): string[] {
  const pods = manifests.flatMap((manifest) => {
    const template = templateOf(manifest);
    return template === null ? [] : [{ owner: nameOf(manifest), template }];
  });
  return [
    ...manifests.flatMap((manifest) => brokenSelectors(manifest, manifests, pods)),
    ...overlaps(manifests, pods),
    ...pods.flatMap((one) => brokenReferences(one, manifests)),
    ...manifests.flatMap((manifest) => brokenTarget(manifest, manifests)),
  ];
}

function brokenSelectors(manifest: Manifest, manifests: readonly Manifest[], pods: readonly Pods[]): string[] {
  const name = nameOf(manifest);
  const spec = manifest.spec as {
    readonly selector?: Selector & Labels;
    readonly podSelector?: Selector;
    readonly ports?: readonly { readonly targetPort: string | number }[];
    readonly podMetricsEndpoints?: readonly { readonly port: string }[];
    readonly endpoints?: readonly { readonly port: string }[];
    readonly ingress?: readonly NetworkRule[];
    readonly egress?: readonly NetworkRule[];
  };
  const chosen = (selector: Selector): readonly Pods[] =>
    pods.filter(({ template }) => selects(selector, template.metadata.labels));
  const nobody = (selector: Selector, what = 'it'): string[] =>
    chosen(selector).length === 0 ? [`${name}: ${what} selects no pod`] : [];
  const missing = (selector: Selector, ports: readonly (string | number)[]): string[] =>
    ports.flatMap((port) =>
      chosen(selector).flatMap(({ owner, template }) =>
        hasPort(template, port) ? [] : [`${name}: ${owner} has no port ${port}`],
      ),
    );
  switch (manifest.kind) {
    case 'Service': {
      const selector = { matchLabels: spec.selector ?? {} };
      return [
        ...nobody(selector),
        ...missing(
          selector,
          (spec.ports ?? []).map(({ targetPort }) => targetPort),
        ),
      ];
    }
    case 'PodMonitor':
      return [
        ...nobody(spec.selector ?? {}),
        ...missing(
          spec.selector ?? {},
          (spec.podMetricsEndpoints ?? []).map(({ port }) => port),
        ),
      ];
    case 'ServiceMonitor': {
      const services = manifests.filter(
        ({ kind, metadata }) => kind === 'Service' && selects(spec.selector ?? {}, metadata.labels ?? {}),
      );
      if (services.length === 0) return [`${name}: it selects no Service`];
      const ports = services.flatMap((one) =>
        (one.spec as unknown as { ports: { name: string }[] }).ports.map((port) => port.name),
      );
      return (spec.endpoints ?? []).flatMap(({ port }) =>
        ports.includes(port) ? [] : [`${name}: no Service has a port ${port}`],
      );
    }
    case 'PodDisruptionBudget':
      return nobody(spec.selector ?? {});
    case 'Deployment': {
      const template = templateOf(manifest)!;
      const own = selects(spec.selector ?? {}, template.metadata.labels)
        ? []
        : [`${name}: its selector does not select its own pods`];
      return [
        ...own,
        ...(template.spec.topologySpreadConstraints ?? []).flatMap(({ labelSelector }) =>
          nobody(labelSelector, 'a spread constraint'),
        ),
      ];
    }
    case 'NetworkPolicy': {
      const unguarded = pods.filter((one) => !chosen(spec.podSelector ?? {}).includes(one));
      const peers = [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap(({ from = [], to = [] }) => [
        ...from,
        ...to,
      ]);
      const selfMade = peers.filter(({ namespaceSelector }) => namespaceSelector === undefined);
      return [
        ...unguarded.map(({ owner }) => `${name}: ${owner} is not under it`),
        ...selfMade.flatMap(({ podSelector }) => (podSelector === undefined ? [] : nobody(podSelector, 'a peer'))),
        ...brokenIngress(name, spec.ingress ?? [], pods),
      ];
    }
    default:
      return [];
  }
}

interface NetworkRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}

/** What is let in must be a port of somebody. */
function brokenIngress(name: string, ingress: readonly NetworkRule[], pods: readonly Pods[]): string[] {
  return ingress
    .flatMap(({ ports }) => ports.map(({ port }) => port))
    .filter((port) => !pods.some(({ template }) => hasPort(template, port)))
    .map((port) => `${name}: nobody has the port ${port}`);
}

function hasPort(template: PodTemplate, port: string | number): boolean {
  return containersOf(template).some(({ ports = [] }) =>
    ports.some((one) => one.name === port || one.containerPort === port),
  );
}

/** Two Deployments that select the same pods count each other’s as their own. */
function overlaps(manifests: readonly Manifest[], pods: readonly Pods[]): string[] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap((manifest) =>
      pods
        .filter(
          ({ owner, template }) =>
            owner !== nameOf(manifest) && selects(manifest.spec?.selector as Selector, template.metadata.labels),
        )
        .map(({ owner }) => `${nameOf(manifest)}: its selector also selects the pods of ${owner}`),
    );
}

function brokenReferences({ owner, template }: Pods, manifests: readonly Manifest[]): string[] {
  const find = (kind: string, name: string): Manifest | undefined =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name);
  const there = (kind: string, name: string): string[] =>
    find(kind, name) === undefined ? [`${owner}: there is no ${kind} ${name}`] : [];
  const { serviceAccountName = 'default', volumes = [] } = template.spec;
  return [
    ...there('ServiceAccount', serviceAccountName),
    ...volumes.flatMap(({ secret, configMap }) => [
      ...(secret === undefined ? [] : there('Secret', secret.secretName)),
      ...(configMap === undefined ? [] : there('ConfigMap', configMap.name)),
    ]),
    ...containersOf(template).flatMap(({ envFrom = [], env = [], volumeMounts = [] }) => [
      ...envFrom.flatMap(({ configMapRef }) => there('ConfigMap', configMapRef.name)),
      ...env.flatMap(({ valueFrom }) => {
        const { configMapKeyRef: ref } = valueFrom ?? {};
        if (ref === undefined || (ref.optional && find('ConfigMap', ref.name) === undefined)) return [];
        return find('ConfigMap', ref.name)?.data?.[ref.key] === undefined
          ? [`${owner}: ConfigMap ${ref.name} has no ${ref.key}`]
          : [];
      }),
      ...volumeMounts.flatMap(({ name }) =>
        volumes.some((volume) => volume.name === name) ? [] : [`${owner}: there is no volume ${name}`],
      ),
    ]),
  ];
}

/** Of what scales: its target must be there, and must not say itself how many there are. */
function brokenTarget(manifest: Manifest, manifests: readonly Manifest[]): string[] {
  if (manifest.kind !== 'HorizontalPodAutoscaler' && manifest.kind !== 'ScaledObject') return [];
  const { name, kind } = (manifest.spec as unknown as { scaleTargetRef: { name: string; kind: string } })
    .scaleTargetRef;
  const target = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (target === undefined) return [`${nameOf(manifest)}: there is no ${kind} ${name}`];
  return target.spec?.replicas === undefined
    ? []
    : [`${nameOf(target)}: it says replicas, which ${nameOf(manifest)} decides`];
}
