import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseDocument, stringify } from 'yaml';
import { KUBERNETES, manifestsOf, nameOf, renderedText, templateOf, textsIn } from '../support/kubernetes/manifests.js';
import { type Answer, ApiServer, type ApplyOptions, withoutApiserver } from './apiserver.js';
import { SCRIPTS } from './colours.js';

const COLOURS = ['blue', 'green'];
const OVERLAYS = ['shared', ...COLOURS, 'keda', 'prometheus-operator'];

/** The documents of a text of YAML, unread: `defaultMode: 0440` is 288 to Kubernetes and 440 to the parser of the tests. */
function documentsOf(yaml: string): string[] {
  return yaml.split(/^---\n/m);
}

const plain = (): string[] => textsIn(KUBERNETES).flatMap(documentsOf);
const overlay = (name: string): string[] => documentsOf(renderedText(name));
const inFile = (path: string): string[] => documentsOf(readFileSync(join(KUBERNETES, path), 'utf8'));
const everyKind = (): string[] => [...plain(), ...overlay('keda'), ...overlay('prometheus-operator')];

/** The first of a kind, or the one of that name. */
function one(documents: readonly string[], kind: string, name?: string): string {
  const found = documents.find((yaml) => {
    const [manifest] = manifestsOf(yaml);
    return manifest!.kind === kind && (name === undefined || manifest!.metadata.name === name);
  });
  assert.ok(found, `there is no ${kind} ${name ?? ''}`);
  return found;
}

/** A copy with another value at a path like `spec.ports.0.name`, or none where that is undefined. */
function changed(yaml: string, path: string, value: unknown): string {
  const document = parseDocument(yaml);
  const keys = path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  if (value === undefined) document.deleteIn(keys);
  else document.setIn(keys, document.createNode(value));
  return document.toString();
}

/** A Lease as deploy_blue_green.sh writes it; by a version it takes the place of the one that has it. */
function leaseOf(holder: string, version = ''): string {
  const script = `. "$1" && _lease "$2" "$3"`;
  return execFileSync('bash', ['-euc', script, 'lease', join(SCRIPTS, 'lib/lease.sh'), holder, version], {
    encoding: 'utf8',
  });
}

/** What the server is to refuse, and the word of its answer that tells, where it is not the field's name. */
type Mistake = [kind: string, mistake: string, path: string, value: unknown, told?: RegExp];
const ENGINE = 'spec.template.spec.containers.0';
const MISTAKES: readonly Mistake[] = [
  ['Deployment', 'a misspelt probe', `${ENGINE}.readinesProbe`, { periodSeconds: 5 }],
  ['Deployment', 'a port without a number', `${ENGINE}.ports.0.containerPort`, 'http'],
  ['Deployment', 'a size in words', `${ENGINE}.resources.limits.memory`, '4 gigabytes', /quantit/],
  ['Deployment', 'a request over its limit', `${ENGINE}.resources.requests.memory`, '5Gi', /memory limit/],
  ['Deployment', 'a mount of no volume', 'spec.template.spec.volumes.0', undefined, /volumeMounts/],
  ['Deployment', 'a selector that misses its pods', 'spec.selector.matchLabels.colour', 'red', /selector/],
  ['Deployment', 'a rollout that cannot move', 'spec.strategy.rollingUpdate', { maxSurge: 0, maxUnavailable: 0 }],
  ['HorizontalPodAutoscaler', 'less room than it starts with', 'spec.maxReplicas', 1],
  ['HorizontalPodAutoscaler', 'no target', 'spec.metrics.0.external.target.averageValue', undefined, /target/],
  ['PodDisruptionBudget', 'two bounds', 'spec.minAvailable', 1, /cannot be both set/],
  ['PodDisruptionBudget', 'an unknown policy', 'spec.unhealthyPodEvictionPolicy', 'Sometimes'],
  ['NetworkPolicy', 'an unknown protocol', 'spec.egress.0.ports.0.protocol', 'HTTP'],
  ['NetworkPolicy', 'a peer without a selector', 'spec.ingress.0.from.0', { app: 'prometheus' }, /\bapp\b/],
  ['Service', 'a port that is none', 'spec.ports.0.port', 70_000],
  ['ServiceAccount', 'a word that is no truth', 'automountServiceAccountToken', 'never'],
  ['ConfigMap', 'a number that is no text', 'data.HEALTH_CHECK_PORT', 8080],
  ['Job', 'pods that are always started again', 'spec.template.spec.restartPolicy', 'Always'],
  ['CronJob', 'a minute that no hour has', 'spec.schedule', '75 * * * *'],
  ['CronJob', 'a time zone of nowhere', 'spec.timeZone', 'Mars/Olympus'],
  ['ScaledObject', 'no trigger', 'spec.triggers', undefined],
  ['ScaledObject', 'a threshold that is no text', 'spec.triggers.0.metadata.threshold', 10_000],
  ['PodMonitor', 'an interval in words', 'spec.podMetricsEndpoints.0.interval', '15 seconds'],
  ['ServiceMonitor', 'an unknown scheme', 'spec.endpoints.0.scheme', 'gopher'],
  ['PrometheusRule', 'a rule without an expression', 'spec.groups.0.rules.0.expr', undefined],
  ['PrometheusRule', 'a wait in words', 'spec.groups.1.rules.0.for', 'soon'],
];

describe('a real kube-apiserver', { skip: withoutApiserver() }, () => {
  let server: ApiServer;
  let namespaces = 0;

  before(async () => {
    server = await ApiServer.start();
  });
  after(() => server?.stop());

  /** A namespace that takes none but pods of the strictest level, and says of workloads what would not be taken. */
  async function namespace(): Promise<string> {
    const name = `trades-${++namespaces}`;
    const labels = Object.fromEntries(
      ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
    );
    await taken([stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })], '');
    return name;
  }

  /** Applies them in this order. Each must be taken without a warning. */
  async function taken(documents: readonly string[], where: string, options?: ApplyOptions): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const document of documents) {
      const answer = await server.apply(document, where, options);
      const said = [answer.body.message ?? '', ...answer.warnings].filter((text) => text !== '');
      const [manifest] = manifestsOf(document);
      assert.deepEqual([nameOf(manifest!), said], [nameOf(manifest!), []]);
      assert.ok(answer.status === 200 || answer.status === 201, `${nameOf(manifest!)}: ${answer.status}`);
      answers.push(answer);
    }
    return answers;
  }

  /** Which writing of each object this is: it stays the same where there was nothing to write. */
  const versions = (answers: readonly Answer[]): string[] =>
    answers.map(({ body }) => `${nameOf(body)} ${body.metadata.uid} ${body.metadata.resourceVersion}`);

  test('takes every object of the plain folder and of each overlay in a dry run, and warns of none', async (t) => {
    t.diagnostic(`kube-apiserver ${await server.version()}`);
    const where = await namespace();
    await taken(plain(), where, { dryRun: true });
    for (const name of OVERLAYS) await taken(overlay(name), where, { dryRun: true });
    await taken(inFile('secret.yaml.template'), where, { dryRun: true });
    for (const colour of COLOURS) await taken(inFile(`overlays/${colour}/mode.yaml`), where, { dryRun: true });
    assert.equal((await server.get(`/api/v1/namespaces/${where}/configmaps/bitquery-kafka-config`)).status, 404);
  });

  const applied: [what: string, documents: () => string[]][] = [
    ['the plain folder with the monitors', () => [...plain(), ...overlay('prometheus-operator')]],
    ['both colours on what they share', () => ['shared', ...COLOURS, 'prometheus-operator'].flatMap(overlay)],
    ['KEDA in place of the autoscaler', () => overlay('keda')],
  ];
  for (const [what, documents] of applied)
    test(`has nothing left to write when it is given ${what} again`, async () => {
      const where = await namespace();
      const first = await taken(documents(), where);
      assert.deepEqual(versions(await taken(documents(), where)), versions(first));
    });

  test('lets in the pods of every workload where none but the strictest level is', async () => {
    const where = await namespace();
    const stored = await taken(['shared', ...COLOURS].flatMap(overlay), where);
    stored.push(...(await taken(inFile('migrate.yaml'), where)));
    const path = `/api/v1/namespaces/${where}/pods`;
    let pods = 0;
    for (const { body } of stored) {
      const template = templateOf(body);
      if (template === null) continue;
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...template.metadata, name: `pod-${++pods}` },
      };
      const { status, body: made, warnings } = await server.create(path, pod);
      assert.deepEqual([nameOf(body), status, made.message, warnings], [nameOf(body), 201, undefined, []]);
      for (const { secret } of template.spec.volumes ?? [])
        assert.ok(secret === undefined || secret.defaultMode === 0o440);

      const open = { ...pod, spec: { ...pod.spec, securityContext: {} } };
      const refused = await server.create(path, open);
      assert.equal(refused.status, 403);
      assert.match(refused.body.message ?? '', /violates PodSecurity "restricted:latest"/);
    }
    assert.equal(pods, 6);
  });

  test('warns of a workload whose pods it would not let in', async () => {
    const open = changed(one(plain(), 'Deployment'), `${ENGINE}.securityContext.capabilities`, undefined);
    const { status, warnings } = await server.apply(open, await namespace(), { dryRun: true });
    assert.equal(status, 201);
    assert.match(warnings.join(), /would violate PodSecurity .* unrestricted capabilities/);
  });

  test('leaves the size of a colour and what was decided of it alone when the colour is applied again', async () => {
    const where = await namespace();
    const blue = overlay('blue');
    await taken([...overlay('shared'), ...blue], where);
    const [mode] = await taken(inFile('overlays/blue/mode.yaml'), where, { manager: 'operator' });
    const modePath = await server.pathOf(mode!.body, where);
    const path = await server.pathOf(manifestsOf(one(blue, 'Deployment'))[0]!, where);
    for (const [target, fields] of [
      [`${path}/scale`, { spec: { replicas: 0 } }],
      [modePath, { data: { START_MODE: 'active' } }],
    ] as const)
      assert.equal((await server.merge(target, fields)).status, 200);

    await taken([...blue, ...overlay('green')], where);
    assert.equal((await server.get(path)).body.spec?.replicas, 0);
    assert.equal((await server.get(modePath)).body.data?.START_MODE, 'active');
  });

  test('leaves the image of a colour alone when it is applied again with that, and puts the base’s back otherwise', async () => {
    const where = await namespace();
    const blue = one(overlay('blue'), 'Deployment');
    const path = await server.pathOf(manifestsOf(blue)[0]!, where);
    const image = 'registry.example.com/bitquery-solana-kafka@sha256:0123';
    const running = async () => templateOf((await server.get(path)).body)?.spec.containers[0]?.image;
    await taken([changed(blue, `${ENGINE}.image`, image)], where);
    await taken([changed(blue, `${ENGINE}.image`, image)], where);
    assert.equal(await running(), image);
    await taken([blue], where);
    assert.equal(await running(), 'bitquery-solana-kafka');
  });

  test('takes no change of the migration’s Job, which is to be deleted before', async () => {
    const where = await namespace();
    const job = one(plain(), 'Job');
    await taken([job], where);
    const next = changed(job, 'spec.template.spec.initContainers.0.image', 'bitquery-solana-kafka:next');
    const { status, body } = await server.apply(next, where);
    assert.equal(status, 422);
    assert.match(body.message ?? '', /field is immutable/);
  });

  test('takes the Lease of a hand-over from whoever has seen it last, and from nobody else, and lets go of it', async () => {
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${await namespace()}/leases`;
    const made = await server.write('POST', leases, leaseOf('here/1'));
    assert.equal(made.status, 201, made.body.message);
    const path = `${leases}/${made.body.metadata.name}`;
    const { resourceVersion } = made.body.metadata;
    const again = await server.write('POST', leases, leaseOf('there/2'));
    assert.equal(again.status, 409, 'it is there');
    const renewed = await server.write('PUT', path, leaseOf('here/1', resourceVersion));
    assert.equal(renewed.status, 200, renewed.body.message);
    const late = await server.write('PUT', path, leaseOf('there/2', resourceVersion));
    assert.equal(late.status, 409, 'it was renewed since');
    const left = await server.write('PUT', path, leaseOf('', renewed.body.metadata.resourceVersion));
    assert.equal(left.status, 200, left.body.message);
    const next = await server.write('PUT', path, leaseOf('there/2', left.body.metadata.resourceVersion));
    assert.deepEqual([next.status, next.warnings], [200, []], next.body.message);
  });

  test('names the field that it does not know, of each kind', async () => {
    const kinds = new Set(everyKind().flatMap((yaml) => manifestsOf(yaml).map(({ kind }) => kind)));
    assert.equal(kinds.size, 13);
    for (const kind of kinds) {
      const yaml = one(everyKind(), kind);
      const place = manifestsOf(yaml)[0]!.spec === undefined ? 'misspelt' : 'spec.misspelt';
      const { status, body } = await server.apply(changed(yaml, place, true), 'default', { dryRun: true });
      assert.ok(status >= 400, `${kind}: ${status}`);
      assert.match(body.message ?? '', /misspelt/, kind);
    }
  });

  for (const [kind, mistake, path, value, told] of MISTAKES)
    test(`refuses a ${kind} with ${mistake}`, async () => {
      const { status, body } = await server.apply(changed(one(everyKind(), kind), path, value), 'default', {
        dryRun: true,
      });
      assert.ok(status >= 400, `${status}`);
      assert.match(body.message ?? '', told ?? new RegExp(path.split('.').at(-1)!));
    });
});
