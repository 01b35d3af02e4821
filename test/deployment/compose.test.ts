import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { type CommandName, isCommand } from '../../src/commands/help.js';
import { OPTIONS, REQUIRED_BY } from '../../src/config.js';
import { mayBeFile } from '../../src/config-environment.js';
import { loadConfig } from '../../src/config-load.js';
import { COMPOSE_FOLDER, type ComposeService, composeProject, composeText } from '../support/compose-file.js';

const MAIN = 'docker-compose.yml';
const COLOURS = ['docker-compose.blue.yml', 'docker-compose.green.yml'];
const GIVEN = { KAFKA_BROKERS: 'broker:9092', KAFKA_USERNAME: 'user', KAFKA_GROUP_ID: 'user-trades' };
const ENGINE_IMAGE = /^bitquery-solana-kafka:/;

const single = composeProject([MAIN], GIVEN);
const coloured = composeProject([MAIN, ...COLOURS], GIVEN);
const everyService = Object.entries({ ...single.services, ...coloured.services });
const engines = everyService.filter(([, { image }]) => ENGINE_IMAGE.test(image));

/** `90s` and `1m30s` in seconds. */
function seconds(text: string | undefined): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text ?? '') ?? [];
  return Number(minutes) * 60 + Number(rest);
}

/** Rules of taste are off. Ports are looked at by a test: the linter does not see through a variable. */
const RULES_OFF = [
  ...['no-unbound-port-interfaces', 'require-quotes-in-ports', 'require-project-name-field'],
  ...['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order'],
];

interface Linted {
  readonly filePath: string;
  readonly messages: readonly { readonly line: number; readonly rule: string; readonly message: string }[];
}

function lint(files: readonly string[]): string[] {
  const rules = Object.fromEntries(RULES_OFF.map((rule) => [rule, 0]));
  const flags = { exclude: [], quiet: false, debug: false, stopOnFirstError: false, disableAllRules: false };
  const results: Linted[] = new DCLinter({ rules, ...flags }).lintFiles([...files], false);
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, rule, message }) => `${filePath}:${line} ${rule}: ${message}`),
  );
}

/** The files that prepare.sh makes, in a folder of its own. */
let folder = '';
const prepare = (...flags: string[]) =>
  spawnSync('bash', [fileURLToPath(new URL('prepare.sh', COMPOSE_FOLDER)), '--folder', folder, ...flags], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, KAFKA_PASSWORD: 'of the broker' },
  });

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'));
  const { status, stderr } = prepare();
  assert.equal(status, 0, stderr);
});
after(() => rmSync(folder, { recursive: true }));

describe('the compose files', () => {
  test('fit the schema of compose', () => {
    const files = [MAIN, ...COLOURS, 'engine.common.yml'].map((file) => fileURLToPath(new URL(file, COMPOSE_FOLDER)));
    assert.deepEqual(lint(files), []);
    const wrong = join(folder, 'compose.wrong.yml');
    writeFileSync(wrong, 'services:\n  engine:\n    image: engine:1\n    read_onyl: true\n');
    assert.match(lint([wrong]).join('\n'), /invalid-schema/, 'and what does not is found');
  });

  test('run images of others by digest, with the tag beside it', () => {
    for (const [name, { image }] of everyService)
      if (!ENGINE_IMAGE.test(image)) assert.match(image, /^docker\.io\/[\w/-]+:[\w.-]+@sha256:[0-9a-f]{64}$/, name);
    assert.ok(engines.length >= 5, 'the engine itself, two colours, the exporter and the migration');
  });

  test('let each container do no more than it must', () => {
    for (const [name, service] of everyService) {
      if (service.image === undefined) continue;
      assert.equal(service.read_only, true, `${name}: root file system`);
      assert.deepEqual(service.cap_drop, ['ALL'], `${name}: capabilities`);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
      assert.match(service.user ?? '', /^[1-9]\d*:[1-9]\d*$/, `${name}: user`);
      assert.match(service.mem_limit ?? '', /^\d+[mg]$/, `${name}: memory`);
      assert.ok((service.pids_limit ?? 0) > 0, `${name}: processes`);
      assert.ok(service.logging?.options['max-size'] && service.logging.options['max-file'], `${name}: log`);
      assert.match(service.restart ?? '', /^(no|unless-stopped)$/, `${name}: restart`);
    }
    for (const [name, { user }] of engines) assert.equal(user, '10001:10001', name);
  });

  test('publish ports on this machine alone, each another one, and the engine’s pages on 8080 and 8081', () => {
    for (const project of [single, coloured]) {
      const running = Object.entries(project.services).filter(
        ([, { profiles }]) => profiles?.includes('uncoloured') !== true,
      );
      const ports = running.flatMap(([, service]) => service.ports ?? []);
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
      assert.equal(new Set(ports.map((port) => port.split(':')[1])).size, ports.length, ports.join(' '));
    }
    const pageOf = (service: ComposeService | undefined) => service?.ports?.[0]?.split(':').slice(1);
    const inside = single.services.engine?.environment?.HEALTH_CHECK_PORT;
    assert.deepEqual(pageOf(single.services.engine), ['8080', inside]);
    assert.deepEqual(pageOf(coloured.services['engine-blue']), ['8080', inside]);
    assert.deepEqual(pageOf(coloured.services['engine-green']), ['8081', inside]);
  });

  test('give a stop more time than the engine gives itself, and that more than a flush', () => {
    for (const [name, { command, environment, stop_grace_period }] of engines) {
      if (command?.[0] !== 'start') continue;
      const shutdown = Number(environment?.SHUTDOWN_TIMEOUT_MS) / 1_000;
      const flush = Number(environment?.DATABASE_FLUSH_TIMEOUT_MS) / 1_000;
      assert.deepEqual([seconds(stop_grace_period), shutdown, flush], [90, 60, 30], name);
    }
  });

  test('start in an order that waits for what is there to wait for', () => {
    for (const project of [single, coloured]) {
      for (const [name, service] of Object.entries(project.services)) {
        for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
          const target = project.services[other];
          if (condition === 'service_healthy')
            assert.ok(target?.healthcheck?.test, `${name} waits for the health of ${other}`);
          else
            assert.deepEqual(
              [condition, target?.restart],
              ['service_completed_successfully', 'no'],
              `${name}: ${other}`,
            );
        }
      }
    }
    const before = (name: string): string[] =>
      Object.keys(coloured.services[name]?.depends_on ?? {}).flatMap((one) => [...before(one), one]);
    const order = ['postgres', 'database-roles', 'migrate', 'database-grants'];
    for (const name of ['engine-blue', 'engine-green', 'lag-exporter']) assert.deepEqual(before(name), order, name);
  });

  test('mount what is in the repository', () => {
    for (const [name, { volumes }] of everyService) {
      for (const volume of volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('../')) assert.ok(existsSync(new URL(source, COMPOSE_FOLDER)), `${name}: ${source}`);
        else if (!source.startsWith('./')) assert.ok(source in single.volumes, `${name}: volume ${source}`);
      }
    }
  });

  test('name every variable in .env.example, and no other', () => {
    const used = new Set(
      [MAIN, ...COLOURS, 'engine.common.yml'].flatMap((file) =>
        [...composeText(file).matchAll(/\$\{(\w+)/g)].map(([, name]) => name),
      ),
    );
    const told = [...composeText('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    used.delete('STATE_FOLDER'); // prepare.sh knows one place
    assert.deepEqual([...told].sort(), [...used].sort());
  });
});

describe('the engine’s settings', () => {
  test('are options of the engine', () => {
    const known = new Set(
      Object.values(OPTIONS).flatMap((option) =>
        mayBeFile(option) ? [option.env, `${option.env}_FILE`] : [option.env],
      ),
    );
    for (const [name, { environment }] of engines)
      assert.deepEqual(
        Object.keys(environment ?? {}).filter((variable) => !known.has(variable)),
        [],
        name,
      );
  });

  test('are accepted by the command that each container runs, with the files of prepare.sh', () => {
    const real = (value: string) =>
      value.replace(/^\/run\/secrets\//, `${folder}/secrets/`).replace(/^\/state\//, `${folder}/state/blue/`);
    for (const [name, { command, environment, secrets }] of engines) {
      const [word = ''] = command ?? [];
      assert.ok(isCommand(word), `${name} runs ${word}`);
      const env = Object.fromEntries(Object.entries(environment ?? {}).map(([key, value]) => [key, real(value)]));
      const { config } = loadConfig(env, { requires: REQUIRED_BY[word as CommandName], directory: folder });
      assert.match(config.databaseUrl ?? '', /^postgres:\/\/trades_\w+:[0-9a-f]{48}@postgres:5432\/trades$/, name);
      const read = Object.values(environment ?? {}).filter((value) => value.startsWith('/run/secrets/'));
      assert.deepEqual(
        read.map((path) => path.slice('/run/secrets/'.length)).sort(),
        [...(secrets ?? [])].sort(),
        `${name} sees the secrets that it reads`,
      );
    }
  });

  test('let each see the database as the role it is meant to be', () => {
    const roleOf = (name: string) =>
      /(\w+)_database_url$/.exec(coloured.services[name]?.environment?.DATABASE_URL_FILE ?? '')?.[1];
    assert.deepEqual(['migrate', 'engine-blue', 'engine-green', 'lag-exporter'].map(roleOf), [
      'owner',
      'engine',
      'engine',
      'monitor',
    ]);
    assert.equal(coloured.services['engine-blue']?.environment?.DATABASE_MIGRATE, 'false');
  });

  test('are asked for where the deployment cannot know them', () => {
    assert.throws(
      () => composeProject([MAIN], { ...GIVEN, KAFKA_GROUP_ID: '' }),
      /set KAFKA_GROUP_ID in deployment\/compose\/\.env/,
    );
  });
});

describe('blue and green', () => {
  test('take the place of the one engine, and differ in colour, image, port and start mode', () => {
    assert.deepEqual(coloured.services.engine?.profiles, ['uncoloured', 'uncoloured']);
    for (const colour of ['blue', 'green']) {
      const service = coloured.services[`engine-${colour}`];
      assert.equal(service?.environment?.DEPLOYMENT_COLOUR, colour);
      assert.ok(service?.volumes?.includes(`./state/${colour}:/state:ro`));
      const image = `registry.example.com/bitquery-solana-kafka@sha256:${colour}`;
      const given = composeProject([MAIN, ...COLOURS], { ...GIVEN, [`${colour.toUpperCase()}_IMAGE`]: image });
      assert.equal(given.services[`engine-${colour}`]?.image, image);
    }
    const { engine, ...blueAlone } = composeProject([MAIN, COLOURS[0]!], GIVEN).services;
    assert.ok(engine?.profiles?.includes('uncoloured') && blueAlone['engine-blue'], 'each file does without the other');
  });

  test('start as the word in the file of their colour says', () => {
    mkdirSync(join(folder, 'try'));
    const path = join(folder, 'try', 'start-mode');
    const loaded = (text: string) => {
      writeFileSync(path, text);
      return loadConfig({ START_MODE_FILE: path }, { directory: folder }).config.startMode;
    };
    assert.equal(loaded('standby\n'), 'standby');
    assert.equal(loaded('active'), 'active');
    assert.throws(() => loaded('asleep'), /START_MODE/);
  });

  test('are known to the lag exporter and to Prometheus by their names', () => {
    const engineNames = ['engine', 'engine-blue', 'engine-green'];
    const urls = single.services['lag-exporter']?.environment?.ENGINE_URLS?.split(',');
    assert.deepEqual(
      urls,
      engineNames.map((name) => `http://${name}:${single.services.engine?.environment?.HEALTH_CHECK_PORT}`),
    );
    const text = readFileSync(new URL('../configs/prometheus.yml', COMPOSE_FOLDER), 'utf8');
    type Job = { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] };
    const jobs = (parse(text) as { scrape_configs: Job[] }).scrape_configs.flatMap(
      ({ dns_sd_configs }) => dns_sd_configs ?? [],
    );
    for (const [name, { environment, command }] of engines)
      if (command?.[0] !== 'migrate')
        assert.ok(
          jobs.some(({ names, port }) => names.includes(name) && String(port) === environment?.PROMETHEUS_PORT),
          `${name} is scraped`,
        );
  });
});

describe('prepare.sh', () => {
  test('makes every secret that the files name, for nobody else to read', () => {
    const secrets = join(folder, 'secrets');
    for (const [name, { file }] of Object.entries(single.secrets)) {
      assert.equal(file, `./secrets/${name}`);
      assert.ok(readFileSync(join(secrets, name), 'utf8').trim().length > 8, name);
    }
    assert.equal(statSync(secrets).mode & 0o777, 0o700);
    const used = new Set(everyService.flatMap(([, service]) => service.secrets ?? []));
    assert.deepEqual(Object.keys(single.secrets).sort(), [...used].sort());
  });

  test('gives each file to the user whose container reads it', {
    skip: process.getuid?.() !== 0 && 'needs root',
  }, () => {
    for (const [name, { user, secrets }] of everyService) {
      for (const secret of secrets ?? []) {
        const { uid, mode } = statSync(join(folder, 'secrets', secret));
        assert.deepEqual([uid, mode & 0o777], [Number.parseInt(user ?? '', 10), 0o400], `${name}: ${secret}`);
      }
    }
  });

  test('leaves what is there, and makes anew what was removed', () => {
    const contents = () =>
      Object.fromEntries(
        readdirSync(join(folder, 'secrets')).map((name) => [name, readFileSync(join(folder, 'secrets', name), 'utf8')]),
      );
    const first = contents();
    assert.deepEqual([prepare().status, prepare().stdout], [0, '']);
    assert.deepEqual(contents(), first);
    rmSync(join(folder, 'secrets', 'grafana_password'));
    assert.match(prepare().stdout, /^made .*grafana_password\n$/);
    const { grafana_password, ...others } = contents();
    assert.notEqual(grafana_password, first.grafana_password);
    assert.deepEqual({ ...others, grafana_password: first.grafana_password }, first);
  });

  test('says what it does not know', () => {
    const { status, stderr } = prepare('--colour');
    assert.equal(status, 2);
    assert.match(stderr, /there is no --colour/);
    assert.match(prepare('--help').stdout, /Usage: prepare\.sh/);
  });
});
