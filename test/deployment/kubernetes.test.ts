import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { completenessArguments } from '../../src/commands/completeness/arguments.js';
import { isCommand } from '../../src/commands/help.js';
import { REQUIRED_BY } from '../../src/config.js';
import { loadConfig } from '../../src/config-load.js';
import { startHttp } from '../../src/observe/http.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { engineStatus } from '../observe/fixtures.js';
import { brokenLinks } from '../support/kubernetes/links.js';
import {
  type Container,
  containersOf,
  environmentOf,
  KUBERNETES,
  KUSTOMIZE,
  type Manifest,
  manifestsIn,
  manifestsOf,
  named,
  nameOf,
  rendered,
  templateOf,
  WITHOUT_KUSTOMIZE,
} from '../support/kubernetes/manifests.js';
import { podFaults } from '../support/kubernetes/pods.js';
import { isBuiltIn, schemaFaults } from '../support/kubernetes/schema.js';

const plain = manifestsIn(KUBERNETES);
const secrets = manifestsOf(readFileSync(join(KUBERNETES, 'secret.yaml.template'), 'utf8'));
const COLOURS = ['blue', 'green'] as const;

/** HTTP paths of each command that serves any, as a real server answers. */
let routes: ReadonlyMap<string, readonly string[]>;

before(async () => {
  routes = new Map([
    ['start', await engineRoutes()],
    ['lag-exporter', await exporterRoutes()],
  ]);
});

async function engineRoutes(): Promise<string[]> {
  const servers = await startHttp({
    bindAddress: '127.0.0.1',
    healthCheckPort: 0,
    prometheusPort: 0,
    version: '1.2.3',
    metrics: createMetrics({ version: '1.2.3' }),
    status: () => engineStatus(),
  });
  try {
    const answer = await fetch(`http://127.0.0.1:${servers.ports.health}/nowhere`);
    return ((await answer.json()) as { routes: string[] }).routes;
  } finally {
    await servers.close();
  }
}

/** Those of the paths asked for by anybody here that the exporter knows; it needs neither broker nor database to serve. */
async function exporterRoutes(): Promise<string[]> {
  const exporter = new EngineProcess(
    { KAFKA_BROKERS: '127.0.0.1:1', KAFKA_GROUP_ID: 'nobody', DATABASE_URL: 'postgres://nobody:none@127.0.0.1:1/none' },
    ['lag-exporter'],
  );
  try {
    await until('the exporter names its ports', () => /"http\.ports":\[\d+/.test(exporter.output), {
      explain: () => exporter.output,
    });
    const port = /"http\.ports":\[(\d+)/.exec(exporter.output)?.[1];
    const paths = ['/live', '/ready', '/health', '/metrics'];
    const codes = await Promise.all(paths.map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status));
    return paths.filter((_, index) => codes[index] !== 404);
  } finally {
    await exporter.kill();
  }
}

function faultsOf(manifests: readonly Manifest[]): string[] {
  const all = [...manifests, ...secrets];
  return [...brokenLinks(all), ...manifests.flatMap((manifest) => podFaults(manifest, all, routes))];
}

const config = (manifests = plain) => named(manifests, 'ConfigMap', 'bitquery-kafka-config').data ?? {};

describe('the folder that kubectl applies', () => {
  it('holds manifests only, each a link to the one that the overlays build on', () => {
    const base = readdirSync(join(KUBERNETES, 'base'));
    const top = readdirSync(KUBERNETES).filter((name) => /\.(ya?ml|json)$/.test(name));
    assert.deepEqual(top, base.filter((name) => name !== 'kustomization.yaml').sort());
    for (const name of top) {
      assert.ok(lstatSync(join(KUBERNETES, name)).isSymbolicLink(), name);
      assert.equal(readlinkSync(join(KUBERNETES, name)), `base/${name}`);
    }
    const { resources } = parse(readFileSync(join(KUBERNETES, 'base/kustomization.yaml'), 'utf8'));
    assert.deepEqual([...resources].sort(), top);
    for (const { apiVersion, kind, metadata } of plain) assert.ok(apiVersion && kind && metadata.name);
  });

  const kubectl = KUSTOMIZE?.[0] === 'kubectl';
  it('is read whole by kubectl, through the links', { skip: kubectl ? false : 'kubectl is not installed' }, () => {
    const { stdout } = spawnSync('kubectl', ['annotate', '--local', '-f', KUBERNETES, 'a=b', '-o', 'json'], {
      encoding: 'utf8',
    });
    const read = [...stdout.matchAll(/^ {4}"kind": "(\w+)"/gm)].map(([, kind]) => kind).sort();
    assert.deepEqual(read, plain.map(({ kind }) => kind).sort());
  });

  it('holds no Secret, as its placeholders would be put over real passwords', () => {
    assert.deepEqual(
      plain.filter(({ kind }) => kind === 'Secret'),
      [],
    );
    assert.ok(secrets.length > 3);
  });

  it('is what the schemas of Kubernetes want, without a field that they do not know', async () => {
    for (const manifest of [...plain, ...secrets])
      assert.deepEqual([nameOf(manifest), await schemaFaults(manifest)], [nameOf(manifest), []]);
  });

  it('fits together: selectors, ports, probes, files, variables, names, graces', () => {
    assert.deepEqual(faultsOf(plain), []);
  });

  it('has the names and the sizes that the guide gives', () => {
    const { spec } = templateOf(named(plain, 'Deployment', 'bitquery-kafka-consumer'))!;
    assert.deepEqual(spec.containers[0]?.resources?.requests, {
      memory: '2Gi',
      cpu: '1000m',
      'ephemeral-storage': '256Mi',
    });
    assert.deepEqual(spec.containers[0]?.resources?.limits, {
      memory: '4Gi',
      cpu: '2000m',
      'ephemeral-storage': '6Gi',
    });
    assert.equal(spec.terminationGracePeriodSeconds, 90);
    named(plain, 'Service', 'bitquery-kafka');
    named(plain, 'HorizontalPodAutoscaler', 'bitquery-kafka-hpa');
    const images = plain.flatMap((one) => containersOf(templateOf(one) ?? NO_PODS).map(({ image }) => image));
    assert.deepEqual([...new Set(images)], ['bitquery-solana-kafka']);
  });

  it('grants what deployment/sql/grants.sql does', () => {
    const granted = named(plain, 'ConfigMap', 'bitquery-kafka-grants').data?.['grants.sql'];
    const file = readFileSync(join(KUBERNETES, '../sql/grants.sql'), 'utf8');
    assert.equal(granted, file, 'copy deployment/sql/grants.sql into base/migrate.yaml, indented by four');
  });

  it('lets out to the brokers and the database that the engines are told of', () => {
    const { egress } = named(plain, 'NetworkPolicy', 'bitquery-kafka').spec as unknown as {
      egress: { to?: unknown; ports: { port: number }[] }[];
    };
    const open = egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports.map(({ port }) => port));
    const brokers =
      config()
        .KAFKA_BROKERS?.split(',')
        .map((address) => Number(address.split(':')[1])) ?? [];
    const databases = secrets
      .flatMap(({ stringData }) => stringData?.['database-url'] ?? [])
      .map((url) => Number(new URL(url).port));
    assert.equal(databases.length, 3);
    for (const port of [...brokers, ...databases, 9092]) assert.ok(open.includes(port), `${port} is not let out`);
  });
});

const NO_PODS = { metadata: { labels: {} }, spec: { containers: [] } };

describe('what each container is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  after(() => rmSync(folder, { recursive: true }));

  /** The variables of a container, with the files that they name made here as the kubelet would. */
  function environmentWithFiles(container: Container, manifest: Manifest): Record<string, string> {
    const env = environmentOf(container, [...plain, ...secrets]);
    for (const { name, mountPath } of container.volumeMounts ?? []) {
      const volume = templateOf(manifest)?.spec.volumes?.find((one) => one.name === name);
      const secret = secrets.find(({ metadata }) => metadata.name === volume?.secret?.secretName);
      for (const [key, text] of Object.entries(secret?.stringData ?? {})) {
        const path = join(folder, manifest.metadata.name, mountPath, key);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text, { mode: 0o600 });
        for (const [variable, value] of Object.entries(env)) if (value === `${mountPath}/${key}`) env[variable] = path;
      }
    }
    return env;
  }

  it('is a command with a configuration that it takes without a word', () => {
    let commands = 0;
    for (const manifest of plain) {
      for (const container of containersOf(templateOf(manifest) ?? NO_PODS)) {
        const [command = '', ...flags] = container.args ?? [];
        if (container.command !== undefined) continue;
        assert.ok(isCommand(command), `${nameOf(manifest)}: ${command}`);
        if (command === 'completeness') completenessArguments(flags, {}, Date.UTC(2026, 0, 2));
        else assert.deepEqual(flags, []);
        const env = environmentWithFiles(container, manifest);
        const { warnings } = loadConfig(env, { requires: REQUIRED_BY[command], directory: folder });
        assert.deepEqual(warnings, [], nameOf(manifest));
        commands += 1;
      }
    }
    assert.equal(commands, 5);
  });
});

describe('the overlays', { skip: WITHOUT_KUSTOMIZE }, () => {
  it('are what the schemas want, each with what it stands beside', async () => {
    for (const overlay of ['shared', 'blue', 'green', 'keda', 'prometheus-operator'])
      for (const manifest of rendered(overlay).filter(isBuiltIn))
        assert.deepEqual([overlay, nameOf(manifest), await schemaFaults(manifest)], [overlay, nameOf(manifest), []]);
  });

  it('fit together: both colours on what they share, KEDA alone, the monitors with the plain folder and with colours', () => {
    const shared = rendered('shared');
    const colours = COLOURS.flatMap((colour) => rendered(colour));
    const monitors = rendered('prometheus-operator');
    assert.deepEqual(faultsOf([...shared, ...colours]), []);
    assert.deepEqual(faultsOf(rendered('keda')), []);
    assert.deepEqual(faultsOf([...plain, ...monitors]), []);
    assert.deepEqual(faultsOf([...shared, ...colours, ...monitors]), []);
  });

  it('of the colours hold their engines and autoscaler alone, and share a name with nobody', () => {
    const shared = new Set(rendered('shared').map(nameOf));
    for (const colour of COLOURS) {
      const names = rendered(colour).map(nameOf);
      assert.deepEqual(names.sort(), [
        `ConfigMap bitquery-kafka-consumer-${colour}`,
        `Deployment bitquery-kafka-consumer-${colour}`,
        `HorizontalPodAutoscaler bitquery-kafka-hpa-${colour}`,
      ]);
      for (const name of names) assert.ok(!shared.has(name), name);
    }
  });

  it('start a colour in standby, in the same group, and as what was decided last once something was', () => {
    for (const colour of COLOURS) {
      const all = [...rendered('shared'), ...rendered(colour)];
      const [engine] = templateOf(named(all, 'Deployment', `bitquery-kafka-consumer-${colour}`))!.spec.containers;
      const fresh = environmentOf(engine!, all);
      assert.deepEqual([fresh.START_MODE, fresh.DEPLOYMENT_COLOUR], ['standby', colour]);
      assert.equal(fresh.KAFKA_GROUP_ID, config().KAFKA_GROUP_ID);
      const [mode] = manifestsOf(readFileSync(join(KUBERNETES, 'overlays', colour, 'mode.yaml'), 'utf8'));
      assert.equal(environmentOf(engine!, [...all, { ...mode!, data: { START_MODE: 'active' } }]).START_MODE, 'active');
    }
  });
});
