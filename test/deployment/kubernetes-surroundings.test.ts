import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import {
  containersOf,
  KUBERNETES,
  KUSTOMIZE,
  kustomized,
  type Manifest,
  manifestsIn,
  manifestsOf,
  rendered,
  templateOf,
  WITHOUT_KUSTOMIZE,
} from '../support/kubernetes/manifests.js';

const readme = readFileSync(join(KUBERNETES, 'README.md'), 'utf8');
const noKubectl = KUSTOMIZE?.[0] === 'kubectl' ? false : 'kubectl is not installed';

interface Peer {
  readonly ipBlock?: { readonly cidr: string };
  readonly namespaceSelector?: { readonly matchLabels: Record<string, string> };
}

interface Rule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports: readonly { readonly protocol: string; readonly port: number }[];
}

function policy(): { readonly ingress: Rule[]; readonly egress: Rule[] } {
  const found = manifestsIn(KUBERNETES).find(({ kind }) => kind === 'NetworkPolicy');
  return found?.spec as unknown as { ingress: Rule[]; egress: Rule[] };
}

describe('what the cluster has besides us', () => {
  it('is one Prometheus, which the adapter, KEDA and the network policy all mean', () => {
    const { prometheus } = parse(readFileSync(join(KUBERNETES, 'prometheus-adapter/values.yaml'), 'utf8'));
    const [scaled] = manifestsOf(readFileSync(join(KUBERNETES, 'overlays/keda/scaledobject.yaml'), 'utf8'));
    const { triggers } = scaled!.spec as unknown as { triggers: { metadata: { serverAddress: string } }[] };
    const keda = new URL(triggers[0]!.metadata.serverAddress);
    const adapter = new URL(prometheus.url);
    assert.equal(adapter.hostname.replace(/\.svc$/, ''), keda.hostname.replace(/\.svc$/, ''));
    assert.deepEqual([adapter.port, String(prometheus.port)], ['', keda.port]);
    const [, namespace] = keda.hostname.split('.');
    const letIn = policy().ingress.flatMap(({ from = [] }) => from.flatMap((peer) => peer.namespaceSelector ?? []));
    assert.deepEqual(
      letIn.map(({ matchLabels }) => matchLabels['kubernetes.io/metadata.name']),
      [namespace],
    );
  });

  it('answers for names from pods, or from the node itself, over UDP and TCP', () => {
    const dns = policy().egress.find(({ ports }) => ports.some(({ port }) => port === 53));
    assert.deepEqual(dns?.ports, [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ]);
    const addresses = (dns?.to ?? []).flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
    assert.deepEqual(addresses, ['169.254.20.10/32', '169.254.169.254/32']);
    for (const address of addresses) assert.ok(readme.includes(address.replace('/32', '')), address);
  });

  it('reads what its release’s label is on, once the lines are no comment any more', {
    skip: WITHOUT_KUSTOMIZE,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'overlay-'));
    try {
      cpSync(join(KUBERNETES, 'overlays/prometheus-operator'), folder, { recursive: true });
      const file = join(folder, 'kustomization.yaml');
      const text = readFileSync(file, 'utf8');
      const opened = text.replaceAll(/^# (labels:| {2}- pairs: .*)$/gm, '$1');
      assert.notEqual(opened, text);
      writeFileSync(file, opened);
      const labels = manifestsOf(kustomized(folder)).map(({ metadata }) => metadata.labels?.release);
      assert.deepEqual(labels, ['kube-prometheus-stack', 'kube-prometheus-stack', 'kube-prometheus-stack']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a colour that is applied again', { skip: noKubectl }, () => {
  const script = /^colour=blue\n(?:[^`\n]+\n)+/m.exec(readme)?.[0] ?? '';
  const image = 'registry.example.com/bitquery-solana-kafka@sha256:0123';

  /** The page's script, with a cluster that has this image and shows what it is given. */
  function applied(current: string): { readonly status: number | null; readonly manifests: Manifest[] } {
    const cluster = `kubectl() { case $1 in get) printf %s "$CURRENT" ;; apply) cat ;; *) command kubectl "$@" ;; esac; }`;
    const { status, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', `${cluster}\n${script}`], {
      cwd: join(KUBERNETES, '../..'),
      env: { ...process.env, CURRENT: current },
      encoding: 'utf8',
    });
    return { status, manifests: status === 0 ? manifestsOf(stdout) : [] };
  }

  it('keeps the image that it runs, and nothing else is different', () => {
    const { status, manifests } = applied(image);
    assert.equal(status, 0);
    const images = manifests.flatMap((one) => {
      const pods = templateOf(one);
      return pods === null ? [] : containersOf(pods).map((container) => container.image);
    });
    assert.deepEqual(images, [image]);
    const before = JSON.stringify(rendered('blue')).replaceAll('"image":"bitquery-solana-kafka"', `"image":"${image}"`);
    assert.equal(JSON.stringify(manifests), before);
  });

  it('is not applied where the cluster does not tell its image', () => {
    assert.notEqual(applied('').status, 0);
  });
});
