import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { brokenLinks } from './links.js';
import { KUBERNETES, type Manifest, manifestsIn, manifestsOf } from './manifests.js';
import { podFaults } from './pods.js';
import { schemaFaults } from './schema.js';

const ROUTES = new Map([
  ['start', ['/live', '/ready', '/health']],
  ['lag-exporter', ['/live', '/ready']],
]);
const SECRETS = manifestsOf(readFileSync(join(KUBERNETES, 'secret.yaml.template'), 'utf8'));

/** The shipped manifests with one text of one file replaced, at each place it stands. */
function changed(file: string, from: string, to: string): Manifest[] {
  const name = join(KUBERNETES, `${file}.yaml`);
  const text = readFileSync(name, 'utf8');
  assert.ok(text.includes(from), `${file}.yaml has no ${from}`);
  const before = manifestsOf(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const rest = manifestsIn(KUBERNETES).filter(({ kind, metadata }) => !before.includes(`${kind} ${metadata.name}`));
  return [...rest, ...manifestsOf(text.replaceAll(from, to))];
}

function faultsOf(manifests: readonly Manifest[]): string {
  const all = [...manifests, ...SECRETS];
  return [...brokenLinks(all), ...manifests.flatMap((one) => podFaults(one, all, ROUTES))].join('\n');
}

const CASES: readonly (readonly [fault: string, file: string, from: string, to: string, told: RegExp])[] = [
  [
    'a Service that selects nothing',
    'service',
    'name: bitquery-kafka-consumer\n  ports',
    'name: nobody\n  ports',
    /Service bitquery-kafka: it selects no pod/,
  ],
  ['a Service’s port that no pod has', 'service', 'targetPort: http', 'targetPort: web', /has no port web/],
  [
    'a budget that selects nothing',
    'pdb',
    'name: bitquery-kafka-consumer',
    'name: bitquery',
    /PodDisruptionBudget bitquery: it selects no pod/,
  ],
  [
    'a policy that leaves a pod out',
    'networkpolicy',
    'app.kubernetes.io/part-of: bitquery-kafka',
    'app.kubernetes.io/name: bitquery-kafka-consumer',
    /Job bitquery-kafka-migrate is not under it/,
  ],
  ['a port let in that nobody has', 'networkpolicy', 'port: 9090', 'port: 9091', /nobody has the port 9091/],
  [
    'an autoscaler without a target',
    'hpa',
    'name: bitquery-kafka-consumer',
    'name: consumer',
    /there is no Deployment consumer/,
  ],
  ['replicas beside an autoscaler', 'deployment', 'revisionHistoryLimit: 5', 'replicas: 3', /it says replicas/],
  [
    'a Deployment that does not select its own',
    'deployment',
    'matchLabels:\n      app',
    'matchLabels:\n      colour: blue\n      app',
    /does not select its own pods/,
  ],
  [
    'two Deployments with the same pods',
    'lag-exporter',
    'app.kubernetes.io/name: bitquery-kafka-lag-exporter',
    'app.kubernetes.io/name: bitquery-kafka-consumer',
    /also selects the pods of/,
  ],
  [
    'a Secret that is not there',
    'deployment',
    'secretName: bitquery-kafka-broker',
    'secretName: broker',
    /there is no Secret broker/,
  ],
  [
    'a key that the Secret does not have',
    'deployment',
    '/run/secrets/broker/username',
    '/run/secrets/broker/user',
    /no Secret has \/run\/secrets\/broker\/user/,
  ],
  ['a certificate that no Secret has', 'configmap', 'server.cer.pem', 'ca.pem', /KAFKA_CA_CERT_PATH: no Secret has/],
  [
    'a ConfigMap that is not there',
    'configmap',
    'bitquery-kafka-config',
    'bitquery-kafka-settings',
    /there is no ConfigMap bitquery-kafka-config/,
  ],
  [
    'a service account that is not there',
    'serviceaccount',
    'name: bitquery-kafka',
    'name: other',
    /there is no ServiceAccount bitquery-kafka/,
  ],
  [
    'a volume that is not there',
    'deployment',
    '- name: control\n          emptyDir',
    '- name: run\n          emptyDir',
    /there is no volume control/,
  ],
  [
    'a variable that nothing reads',
    'configmap',
    'SHUTDOWN_TIMEOUT_MS',
    'SHUTDOWN_TIMEOUT',
    /nothing reads SHUTDOWN_TIMEOUT$/m,
  ],
  [
    'a secret in a variable',
    'deployment',
    'KAFKA_PASSWORD_FILE',
    'KAFKA_PASSWORD',
    /KAFKA_PASSWORD is a secret in a variable/,
  ],
  [
    'a drain longer than the kubelet waits',
    'deployment',
    'terminationGracePeriodSeconds: 90',
    'terminationGracePeriodSeconds: 60',
    /graces are not in order: kubelet 60000 ms/,
  ],
  ['a flush longer than the drain', 'configmap', '"30000"', '"60000"', /graces are not in order/],
  ['a probe of a route that is not served', 'deployment', '/ready', '/readyz', /start serves no \/readyz/],
  [
    'a probe of a port that is not there',
    'deployment',
    'name: http, containerPort',
    'name: web, containerPort',
    /a probe asks at http/,
  ],
  [
    'a restart for the database’s outage',
    'deployment',
    'path: /live',
    'path: /health',
    /restarted for the fault of another/,
  ],
  ['no readiness', 'deployment', 'readinessProbe', 'otherProbe', /is not probed/],
  ['root', 'deployment', 'runAsUser: 10001', 'runAsUser: 0', /does not run as 10001/],
  [
    'a writable root',
    'migrate',
    'readOnlyRootFilesystem: true',
    'readOnlyRootFilesystem: false',
    /has a writable root/,
  ],
  ['capabilities', 'completeness', 'drop: [ALL]', 'drop: [NET_RAW]', /keeps capabilities/],
  [
    'privileges to gain',
    'lag-exporter',
    'allowPrivilegeEscalation: false',
    'allowPrivilegeEscalation: true',
    /may gain privileges/,
  ],
  [
    'a token',
    'deployment',
    'automountServiceAccountToken: false',
    'automountServiceAccountToken: true',
    /carries a token/,
  ],
  ['no seccomp', 'migrate', 'type: RuntimeDefault', 'type: Unconfined', /has no seccomp profile/],
  [
    'no limit of memory',
    'lag-exporter',
    'limits: { memory: 512Mi, cpu: 500m }',
    'limits: { cpu: 500m }',
    /has no bounds/,
  ],
  [
    'secrets that may be written',
    'deployment',
    'mountPath: /run/secrets/broker, readOnly: true',
    'mountPath: /run/secrets/broker',
    /may write secrets/,
  ],
  [
    'a volume without a bound',
    'deployment',
    'emptyDir: { sizeLimit: 5Gi }',
    'emptyDir: {}',
    /a volume without a bound/,
  ],
];

describe('what holds the manifests together', () => {
  it('finds nothing where nothing was changed', () => {
    assert.equal(faultsOf(manifestsIn(KUBERNETES)), '');
  });

  for (const [fault, file, from, to, told] of CASES)
    it(`finds ${fault}`, () => {
      assert.match(faultsOf(changed(file, from, to)), told);
    });
});

describe('the schema', () => {
  const deployment = manifestsIn(KUBERNETES).find(({ kind }) => kind === 'Deployment') as Manifest;

  it('refuses a value of the wrong type', async () => {
    assert.match(
      (await schemaFaults({ ...deployment, spec: { ...deployment.spec, replicas: 'two' } })).join(),
      /\/spec\/replicas/,
    );
  });

  it('refuses a field that it does not know, however deep, and takes any label', async () => {
    const text = JSON.stringify(deployment)
      .replace('"readinessProbe"', '"readinesProbe"')
      .replace('"labels":{', '"labels":{"any":"thing",');
    assert.deepEqual(await schemaFaults(JSON.parse(text)), [
      '/spec/template/spec/containers/0/readinesProbe is no field',
    ]);
  });
});
