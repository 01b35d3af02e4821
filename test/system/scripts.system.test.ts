import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../kafka/until.js';
import { scriptToolsMissing } from '../support/script-tools.js';
import { Colours, QUICK, RunningScript, type ScriptEnd } from './colours.js';

const skip = scriptToolsMissing();
const DIGEST = `registry.test/engine@sha256:${'a'.repeat(64)}`;
const NEWER = `registry.test/engine@sha256:${'b'.repeat(64)}`;

function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ScriptEnd> {
  return new RunningScript(script, args, env).ended;
}

test('compose: a hand-over, and what the other scripts say of the deployment', { skip }, async () => {
  const colours = await Colours.open(['blue-0', 'green-0']);
  try {
    colours.flow();
    const folder = join(colours.folder, 'compose');
    mkdirSync(folder);
    writeFileSync(join(folder, 'docker-compose.yml'), 'services: {}\n');
    writeFileSync(join(folder, '.env'), 'KAFKA_TOPIC=of-the-user\nGREEN_IMAGE=engine:old\n');
    const env = colours.shims();
    const compose = ['--adapter', 'compose', '--compose-file', join(folder, 'docker-compose.yml')];
    const deploy = [...compose, '--state-dir', join(colours.folder, 'state'), ...QUICK];

    const nobody = await run('quick_verify.sh', compose, env);
    assert.equal(nobody.code, 1, nobody.output);
    assert.match(nobody.output, /there is none/);
    const tagged = await run('deploy_blue_green.sh', [...deploy, '--image', 'engine:latest'], env);
    assert.equal(tagged.code, 2, tagged.output);
    assert.match(tagged.output, /got "engine:latest"; wants name@sha256:/);

    for (const image of [DIGEST, NEWER]) {
      const { code, output } = await run('deploy_blue_green.sh', [...deploy, '--image', image], env);
      assert.equal(code, 0, output + colours.logs());
    }
    await colours.become({ 'green-0': 'active' }, 'after the hand-over');
    assert.equal(
      readFileSync(join(folder, '.env'), 'utf8'),
      `KAFKA_TOPIC=of-the-user\nBLUE_IMAGE=${DIGEST}\nGREEN_IMAGE=${NEWER}\n`,
    );
    // What a container that is started again would be.
    assert.equal(readFileSync(join(colours.folder, 'shim-state/green/start-mode'), 'utf8'), 'active\n');
    assert.equal(readFileSync(join(colours.folder, 'shim-state/blue/start-mode'), 'utf8'), 'standby\n');
    await colours.movesOn();

    const well = await run('quick_verify.sh', [...compose, '--colour', 'green'], env);
    assert.equal(well.code, 0, well.output);
    assert.match(well.output, /\/ready +active/);
    const seen = await run(
      'monitor_deployment.sh',
      [...compose, '--once', '--interval-seconds', '2', '--min-rate', '0', '--max-p99-ms', '60000'],
      env,
    );
    assert.equal(seen.code, 0, seen.output);
    assert.match(seen.output, /^active +4 .* closed {2}green-0 \(green\)$/m);
    const balanced = await run('check_partition_balance.sh', compose, env);
    assert.equal(balanced.code, 0, balanced.output);
    assert.match(balanced.output, /4 partitions[\s\S]*balanced/);
    const connected = await run('run_connection_test.sh', compose, env);
    assert.equal(connected.code, 0, connected.output);
    for (const layer of ['DNS', 'TCP', 'SASL', 'topic', 'group', 'database'])
      assert.match(connected.output, new RegExp(`^ok +${layer} `, 'm'));
    await colours.settles();

    execFileSync(process.execPath, ['dist/src/main.cjs', 'ctl', 'drain'], { cwd: join(colours.folder, 'green-0') });
    const drained = await run('check_partition_balance.sh', compose, env);
    assert.equal(drained.code, 3, drained.output);
    assert.match(drained.output, /partitions 0, 1, 2, 3 have no owner that is up and consumes/);
    colours.kill('green-0');
    await until('the server has noticed that it is gone', async () => {
      const engines = await colours.stage.database.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'trades-engine %'",
      );
      return engines.length === 0;
    });
    const unread = await run('check_partition_balance.sh', ['--json', '--timeout-seconds', '50'], {
      ...env,
      ...colours.stage.environment(),
      ENGINE_MAIN: join(colours.release, 'dist/src/main.cjs'),
    });
    assert.equal(unread.code, 3, unread.output);
    assert.deepEqual((JSON.parse(unread.output) as { unread: number[] }).unread, [0, 1, 2, 3]);
    const gone = await run('monitor_deployment.sh', [...compose, '--once', '--interval-seconds', '1'], env);
    assert.equal(gone.code, 1, gone.output);
  } finally {
    await colours.close();
  }
});

test('kubernetes: from two colours on standby to one, and a hand-over, of two pods each', { skip }, async () => {
  const colours = await Colours.open(['blue-0', 'blue-1', 'green-0', 'green-1']);
  try {
    colours.flow();
    const env = colours.shims(2);
    const deploy = [
      '--adapter',
      'kubernetes',
      '--namespace',
      'trades',
      '--state-dir',
      join(colours.folder, 'state'),
      ...QUICK,
    ];
    for (const colour of ['blue', 'green'])
      execFileSync('kubectl', ['scale', `deployment/bitquery-kafka-consumer-${colour}`, '--replicas', '2'], { env });
    const all = ['blue-0', 'blue-1', 'green-0', 'green-1'];
    await colours.become(Object.fromEntries(all.map((name) => [name, 'standby'])), 'applied');
    const unclear = await run('deploy_blue_green.sh', deploy, env);
    assert.equal(unclear.code, 2, unclear.output);
    assert.match(unclear.output, /say with --from COLOUR, or --from none where none has yet/);
    for (const [active, ...from] of [['blue', '--from', 'none'], ['green']]) {
      const { code, output } = await run('deploy_blue_green.sh', [...deploy, ...from, '--image', DIGEST], env);
      assert.equal(code, 0, output + colours.logs());
      await colours.become({ [`${active}-0`]: 'active', [`${active}-1`]: 'active' }, output);
    }
    const balance = await run('check_partition_balance.sh', ['--adapter', 'kubernetes', '--namespace', 'trades'], env);
    assert.equal(balance.code, 0, balance.output);
    assert.match(
      readFileSync(join(colours.folder, 'calls.log'), 'utf8'),
      /kubectl --namespace trades exec green-1 --container engine -- node dist\/src\/main\.cjs ctl activate/,
    );
    await colours.movesOn();
    await colours.settles();
  } finally {
    await colours.close();
  }
});

test('a machine, and the ways to broker and database, looked at from the outside', { skip }, async () => {
  const colours = await Colours.open();
  try {
    const env = { ...colours.stage.environment(), ENGINE_MAIN: join(colours.release, 'dist/src/main.cjs') };
    colours.flow();
    const first = await colours.deploy().ended;
    assert.equal(first.code, 0, first.output + colours.logs());
    const url = colours.url('blue');

    const verified = await run('verify_setup.sh', ['--running', '--url', url, '--min-disk-mb', '1'], env);
    assert.equal(verified.code, 0, verified.output);
    for (const name of ['tools', 'node', 'configuration', 'database', 'privileges', 'page', 'metrics', 'disk'])
      assert.match(verified.output, new RegExp(`^ok +${name} `, 'm'), name);
    const full = await run(
      'verify_setup.sh',
      ['--skip-check', '--json', '--min-disk-mb', '999999999', '--url', url],
      env,
    );
    assert.equal(full.code, 1, full.output);
    const { ok, checks } = JSON.parse(full.output) as { ok: boolean; checks: { name: string; status: string }[] };
    assert.equal(ok, false);
    assert.deepEqual(
      checks.filter(({ status }) => status === 'fail').map(({ name }) => name),
      ['disk'],
    );

    const quick = await run(
      'quick_verify.sh',
      ['--url', url, '--url', 'http://127.0.0.1:1', '--timeout-seconds', '60'],
      env,
    );
    assert.equal(quick.code, 1, quick.output);
    assert.match(quick.output, /127\.0\.0\.1:1\nFAIL +\/health +no answer/);
    assert.match(quick.output, /ok +active +1 of 2/);
    await colours.settles();
    colours.kill('blue');

    const cases: readonly (readonly [Record<string, string>, number, RegExp])[] = [
      [{ KAFKA_BROKERS: 'no-such-broker.invalid:9092' }, 10, /FAIL +DNS +no address for no-such-broker\.invalid/],
      [{ KAFKA_BROKERS: '127.0.0.1:1' }, 11, /FAIL +TCP +127\.0\.0\.1:1: connection refused/],
      [{ KAFKA_SECURITY_PROTOCOL: 'SSL' }, 12, /FAIL +TLS /],
      [{ KAFKA_TOPIC: 'no.such.topic.dextrades.proto' }, 14, /FAIL +topic /],
      [{ DATABASE_URL: 'postgres://nobody:a-wrong-password@127.0.0.1:1/none' }, 15, /FAIL +database +no connection/],
      [{ KAFKA_BROKERS: '' }, 2, /FAIL +configuration/],
    ];
    for (const [wrong, code, words] of cases) {
      const end = await run('run_connection_test.sh', [], { ...env, ...wrong });
      assert.equal(end.code, code, end.output);
      assert.match(end.output, words);
      assert.ok(!/a-wrong-password|for-tests/.test(end.output), end.output);
    }
  } finally {
    await colours.close();
  }
});
