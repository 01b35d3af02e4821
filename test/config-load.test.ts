import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { OPTIONS, REQUIRED_BY } from '../src/config.js';
import { loadConfig, redacted } from '../src/config-load.js';
import type { Option } from '../src/config-option.js';
import { EngineError } from '../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
const empty = mkdtempSync(join(tmpdir(), 'config-test-empty-'));
after(() => {
  for (const path of [folder, empty]) rmSync(path, { recursive: true });
});

function load(env: Record<string, string>, directory = empty) {
  return loadConfig(env, { directory });
}

/** The lines of the message, one for each problem. */
function problems(env: Record<string, string>, options: Parameters<typeof loadConfig>[1] = { directory: empty }) {
  try {
    loadConfig(env, options);
  } catch (error) {
    assert.ok(error instanceof EngineError && error.code === 'CONFIG_INVALID', String(error));
    return error.message.split('\n  ').slice(1);
  }
  return [];
}

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

describe('the values', () => {
  test('are the defaults where nothing is set, and frozen', () => {
    const { config, warnings } = load({});
    for (const [name, option] of Object.entries(OPTIONS) as [keyof typeof OPTIONS, Option][])
      assert.deepEqual(config[name], option.default, name);
    assert.deepEqual(warnings, []);
    assert.throws(() => Object.assign(config, { batchMaxRows: 1 }), TypeError);
  });

  test('are read by their type', () => {
    const { config } = load({
      KAFKA_BROKERS: ' a:1, b:2,,a:1 ',
      BATCH_MAX_ROWS: '2_000',
      DATABASE_MIGRATE: 'off',
      KAFKA_SASL_MECHANISM: 'plain',
      DATABASE_TRADE_INDEXES: 'mint,signature',
      DATABASE_LANES: '3',
    });
    assert.deepEqual(config.kafkaBrokers, ['a:1', 'b:2']);
    assert.equal(config.batchMaxRows, 2_000);
    assert.equal(config.databaseMigrate, false);
    assert.equal(config.kafkaSaslMechanism, 'PLAIN');
    assert.deepEqual(config.databaseTradeIndexes, ['mint', 'signature']);
    assert.equal(config.databaseLanes, 3);
  });

  test('an empty text counts as not given', () => {
    assert.equal(load({ KAFKA_TOPIC: '', BATCH_MAX_ROWS: '' }).config.kafkaTopic, 'solana.dextrades.proto');
  });

  test('a secret keeps its spaces and is warned about', () => {
    const { config, warnings } = load({
      KAFKA_PASSWORD: ' s ',
      KAFKA_USERNAME: 'u',
      KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    });
    assert.equal(config.kafkaPassword, ' s ');
    assert.match(warnings.join(), /KAFKA_PASSWORD begins or ends with white space/);
  });
});

describe('the .env file', () => {
  test('is read with quotes and comments, and the environment wins over it', () => {
    const directory = mkdtempSync(join(folder, 'env-'));
    const lines = ['# a comment', 'KAFKA_TOPIC="a.dextrades.proto" # why', 'BATCH_MAX_ROWS=7', "LOG_LEVEL='debug'"];
    writeFileSync(join(directory, '.env'), lines.join('\r\n'));
    const { config } = load({ BATCH_MAX_ROWS: '8' }, directory);
    assert.equal(config.kafkaTopic, 'a.dextrades.proto');
    assert.equal(config.batchMaxRows, 8);
    assert.equal(config.logLevel, 'debug');
  });

  test('is a problem where it is no file', () => {
    const directory = mkdtempSync(join(folder, 'env-'));
    mkdirSync(join(directory, '.env'));
    assert.match(problems({}, { directory }).join(), /^\.env: got ".*"; wants a file that can be read/);
  });
});

describe('a secret in a file', () => {
  test('loses its last line end and nothing else', () => {
    const path = write('password', ' p w \r\n');
    const env = { KAFKA_USERNAME: 'u', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_PASSWORD_FILE: path };
    assert.equal(load(env).config.kafkaPassword, ' p w ');
  });

  test('and the secret itself are too much', () => {
    const [line, more] = problems({ DATABASE_URL: 'postgres://hush@h/d', DATABASE_URL_FILE: write('url', 'x') });
    assert.match(line ?? '', /^DATABASE_URL: .*only one of DATABASE_URL and DATABASE_URL_FILE/);
    assert.doesNotMatch(line ?? '', /hush/);
    assert.equal(more, undefined);
  });

  test('that is missing, empty or a folder is told as such, once, also where the option is required', () => {
    const at = (path: string) => problems({ DATABASE_URL_FILE: path }, { directory: empty, requires: ['databaseUrl'] });
    assert.match(
      at(join(folder, 'nowhere')).join('|'),
      /^DATABASE_URL_FILE: got ".*nowhere"; wants .*none at this place\)$/,
    );
    assert.match(at(folder).join('|'), /^[^|]*this is no file\)$/);
    assert.match(at(write('empty', '\n')).join('|'), /^[^|]*a file that is not empty$/);
  });

  test('that others may read is warned about', () => {
    const at = (mode: number) =>
      load({ DATABASE_URL_FILE: write('url-mode', 'postgres://h/d', mode) }).warnings.join('|');
    assert.match(at(0o644), /DATABASE_URL_FILE: .* \(mode 0644\); chmod 600/);
    assert.equal(at(0o600), '');
  });

  const root = process.geteuid?.() === 0;
  test('that is another’s, of a group of ours, is read by that right alone', {
    skip: root ? false : 'needs root',
  }, () => {
    const at = (mode: number, group: number): string => {
      const path = write('url-of-group', 'postgres://h/d', mode);
      chownSync(path, 10_001, group);
      return load({ DATABASE_URL_FILE: path }).warnings.join('|');
    };
    assert.equal(at(0o440, process.getegid?.() ?? 0), '');
    assert.match(at(0o444, process.getegid?.() ?? 0), /\(mode 0444\)/);
    assert.match(at(0o460, process.getegid?.() ?? 0), /\(mode 0460\)/);
    assert.match(at(0o440, 10_001), /\(mode 0440\)/);
  });
});

describe('wrong input', () => {
  test('is told all at once, each with its variable, what it got and what it wants', () => {
    const lines = problems(
      { BATCH_MAX_ROWS: '0', LOG_LEVEL: 'loud', KAFKA_CHECK_CRCS: 'maybe', PROMETHEUS_PORT: '8080.5' },
      { directory: empty, requires: REQUIRED_BY.start },
    );
    assert.deepEqual(lines.map((line) => line.slice(0, line.indexOf(':'))).sort(), [
      'BATCH_MAX_ROWS',
      'DATABASE_URL',
      'KAFKA_BROKERS',
      'KAFKA_CHECK_CRCS',
      'KAFKA_GROUP_ID',
      'LOG_LEVEL',
      'PROMETHEUS_PORT',
    ]);
    assert.ok(
      lines.includes('BATCH_MAX_ROWS: got "0"; wants a whole number of rows from 1 to 1000000'),
      lines.join('\n'),
    );
    assert.ok(lines.some((line) => line.startsWith('KAFKA_BROKERS: not given; wants ')));
  });

  test('never shows a secret, nor a password inside an address', () => {
    const text = problems({
      DATABASE_URL: 'mysql://user:hush@host/db',
      KAFKA_PROPERTIES: 'hush;group.id=hush',
      KAFKA_BROKERS: 'postgres://user:hush@host/db',
      KAFKA_PASSWORD_FILE: folder,
    }).join('\n');
    assert.match(text, /DATABASE_URL[\s\S]*KAFKA_PROPERTIES|KAFKA_PROPERTIES[\s\S]*DATABASE_URL/);
    assert.doesNotMatch(text, /hush/);
  });

  test('of any kind ends in CONFIG_INVALID or in a configuration, never in another error', () => {
    let state = 20_251_124;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const names = (Object.values(OPTIONS) as Option[]).flatMap(({ env }) => [env, `${env}_FILE`]);
    const pieces = [
      '',
      '0',
      '-1',
      '1e9',
      ',',
      ';',
      '=',
      '://',
      'postgres://',
      '%',
      '%zz',
      '[::1]:9',
      '/',
      '.',
      ' ',
      '\n',
      '💥',
      '\ud800',
      'NaN',
      'SASL_SSL',
      'latest',
      '__proto__',
      '2026-13-99T99:99:99Z',
      'a'.repeat(5_000),
      '"',
      "'",
      '@',
      ':',
      '/tmp',
      '\\',
      '9'.repeat(30),
    ];
    for (let round = 0; round < 2_000; round++) {
      const env: Record<string, string> = {};
      for (let count = random(8); count >= 0; count--) {
        const text = Array.from({ length: random(4) }, () => pieces[random(pieces.length)]).join('');
        env[names[random(names.length)] ?? ''] = text.replaceAll('\0', '');
      }
      problems(env);
    }
  });
});

describe('the rules between options', () => {
  const sasl = { KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' };
  const pem = write('some.pem', 'pem');
  const cases: [sentence: string, env: Record<string, string>, told: RegExp | null][] = [
    [
      'a login needs user and password',
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
      /KAFKA_USERNAME: not given.*KAFKA_PASSWORD: not given/s,
    ],
    ['a login with both is fine', sasl, null],
    ['a certificate needs its key', { KAFKA_CLIENT_CERT_PATH: pem }, /^KAFKA_CLIENT_KEY_PATH: not given/],
    ['a key needs its certificate', { KAFKA_CLIENT_KEY_PATH: pem }, /^KAFKA_CLIENT_CERT_PATH: not given/],
    [
      'a CA file must be there',
      { KAFKA_CA_CERT_PATH: '/nowhere' },
      /^KAFKA_CA_CERT_PATH: got "\/nowhere"; wants a file/,
    ],
    [
      'a session ends before the poll interval',
      { KAFKA_SESSION_TIMEOUT_MS: '300000' },
      /less than KAFKA_MAX_POLL_INTERVAL_MS, which is 300000/,
    ],
    [
      'under KIP-848 the session is the broker’s',
      { KAFKA_SESSION_TIMEOUT_MS: '300000', KAFKA_ASSIGNMENT_STRATEGY: 'consumer' },
      null,
    ],
    [
      'a slab fits the budget',
      { SLAB_MAX_BYTES: '8388608', MEMORY_BUDGET_BYTES: '4194304', BATCH_MAX_BYTES: '1024' },
      /^SLAB_MAX_BYTES: got "8388608"; wants at most MEMORY_BUDGET_BYTES, which is 4194304$/,
    ],
    ['a batch fits the budget', { MEMORY_BUDGET_BYTES: '4194304' }, /^BATCH_MAX_BYTES: /],
    ['two servers need two ports', { PROMETHEUS_PORT: '8080' }, /^HEALTH_CHECK_PORT: /],
    ['two free ports are two ports', { PROMETHEUS_PORT: '0', HEALTH_CHECK_PORT: '0' }, null],
    [
      'a token is not to be guessed',
      { DASHBOARD_TOKEN: 'letmein' },
      /^DASHBOARD_TOKEN: got a value that is not shown; wants at least 16 letters/,
    ],
    ['a token fits into a header', { DASHBOARD_TOKEN: 'sixteen letters and a space' }, /^DASHBOARD_TOKEN: /],
    ['a token may hold any sign', { DASHBOARD_TOKEN: '0123456789abcdef+/=' }, null],
    [
      'the database is a PostgreSQL',
      { DATABASE_URL: 'mysql://h/d' },
      /^DATABASE_URL: got a value that is not shown; wants a URL postgres:/,
    ],
    ['postgresql:// is one too', { DATABASE_URL: 'postgresql://u:p%40@h:1/d?sslmode=require' }, null],
    ['a broker has a port', { KAFKA_BROKERS: 'a:1,b' }, /^KAFKA_BROKERS: got "b"; wants host:port/],
    ['a broker may be an IPv6 address', { KAFKA_BROKERS: '[::1]:9092' }, null],
    [
      'an index is one of four',
      { DATABASE_TRADE_INDEXES: 'mint,colour' },
      /^DATABASE_TRADE_INDEXES: got "mint,colour"; wants any of mint, market/,
    ],
    [
      'a start is a word or a time',
      { KAFKA_START_FROM: 'yesterday' },
      /^KAFKA_START_FROM: got "yesterday"; wants latest, earliest/,
    ],
    ['a time without a zone is none', { KAFKA_START_FROM: '2026-01-01T00:00:00' }, /^KAFKA_START_FROM/],
    ['a time with a zone is a start', { KAFKA_START_FROM: '2026-01-01T00:00:00+02:00' }, null],
    [
      'an unknown topic lists the known ones',
      { KAFKA_TOPIC: 'solana.slot_update_stream_1_13' },
      /^KAFKA_TOPIC: .*dextrades\.proto.*tokens\.proto \(not landed yet\).*KAFKA_MESSAGE_TYPE=dextrades/,
    ],
    ['an unknown topic with a message type is fine', { KAFKA_TOPIC: 'mine', KAFKA_MESSAGE_TYPE: 'dextrades' }, null],
    [
      'a topic of another message type is not supported yet',
      { KAFKA_TOPIC: 'solana.tokens.proto' },
      /tokens messages are known but not supported yet/,
    ],
    [
      'a property may not undo exactly once',
      { KAFKA_PROPERTIES: 'enable.auto.commit=true' },
      /^KAFKA_PROPERTIES: .*enable\.auto\.commit may not be set here/,
    ],
    ['a property with an option of its own names it', { KAFKA_PROPERTIES: 'group.id=x' }, /use KAFKA_GROUP_ID/],
    ['a property without one is fine', { KAFKA_PROPERTIES: 'socket.timeout.ms=1000; ;debug=all' }, null],
    ['an address to bind to is one', { BIND_ADDRESS: '::1' }, null],
    ['a path is no address to bind to', { BIND_ADDRESS: '/tmp' }, /^BIND_ADDRESS/],
  ];
  for (const [sentence, env, told] of cases)
    test(sentence, () => {
      const text = problems(env).join('\n');
      if (told === null) assert.equal(text, '');
      else assert.match(text, told);
    });
});

describe('warnings', () => {
  const warnings = (env: Record<string, string>) => load(env).warnings.join('\n');

  test('a group id that does not start with the user name', () => {
    const env = { KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_USERNAME: 'solana_113', KAFKA_PASSWORD: 'p' };
    assert.match(warnings({ ...env, KAFKA_GROUP_ID: 'mine' }), /does not start with the user name "solana_113"/);
    assert.equal(warnings({ ...env, KAFKA_GROUP_ID: 'solana_113-prod' }), '');
  });

  test('a group id that holds the machine’s name', (t) => {
    if (hostname().length < 4) return t.skip('the name of this machine is too short to tell');
    assert.match(warnings({ KAFKA_GROUP_ID: `group-${hostname()}` }), /differs per replica/);
  });

  test('credentials and certificates that are not used', () => {
    assert.match(warnings({ KAFKA_USERNAME: 'u' }), /KAFKA_USERNAME is given but not used/);
    assert.match(warnings({ KAFKA_CA_CERT_PATH: write('ca.pem', '') }), /KAFKA_CA_CERT_PATH is given but not used/);
  });

  test('a key file that others may read', () => {
    const env = { KAFKA_CLIENT_CERT_PATH: write('c.pem', ''), KAFKA_SECURITY_PROTOCOL: 'SSL' };
    assert.match(
      warnings({ ...env, KAFKA_CLIENT_KEY_PATH: write('k.pem', '', 0o640) }),
      /KAFKA_CLIENT_KEY_PATH: .*0640/,
    );
    assert.equal(warnings({ ...env, KAFKA_CLIENT_KEY_PATH: write('k.pem', '', 0o400) }), '');
  });

  test('a client certificate that others may read, and a CA that they may change', () => {
    const pair = { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_CLIENT_KEY_PATH: write('k.pem', '', 0o600) };
    const at = (client: number, authority: number) =>
      warnings({
        ...pair,
        KAFKA_CLIENT_CERT_PATH: write('c.pem', '', client),
        KAFKA_CA_CERT_PATH: write('ca.pem', '', authority),
      });
    assert.match(at(0o644, 0o644), /^KAFKA_CLIENT_CERT_PATH: .*read or written by group or others \(mode 0644\).*$/);
    assert.match(at(0o600, 0o664), /^KAFKA_CA_CERT_PATH: .*written by group or others \(mode 0664\); chmod 644 .*$/);
    assert.equal(at(0o600, 0o644), '');
  });

  test('a .env with a secret in it that others may read', () => {
    const directory = mkdtempSync(join(folder, 'env-'));
    const at = (text: string, mode: number) => {
      writeFileSync(join(directory, '.env'), text);
      chmodSync(join(directory, '.env'), mode);
      return load({}, directory).warnings.join('\n');
    };
    assert.match(at('DATABASE_URL=postgres://u:hush@h/d', 0o644), /^\.env: .*\(mode 0644\); chmod 600 .*\.env$/);
    assert.equal(at('DATABASE_URL=postgres://u:hush@h/d', 0o600), '');
    assert.equal(at('BATCH_MAX_ROWS=7', 0o644), '');
  });

  test('a misspelt name, and one that other clients use', () => {
    assert.match(warnings({ KAFKA_BROKER: 'a:1' }), /^KAFKA_BROKER is not an option .* KAFKA_BROKERS is meant/);
    assert.match(
      warnings({ DATABSE_URL: 'x', DATABASE_URLL: 'x' }),
      /^DATABASE_URLL .* DATABASE_URL is meant, perhaps\.$/,
    );
    assert.match(warnings({ KAFKA_BOOTSTRAP_SERVERS: 'a:1' }), /KAFKA_BROKERS is meant/);
    assert.equal(warnings({ KAFKA_PORT: 'tcp://10.0.0.1:9092', KAFKA_SERVICE_HOST: '10.0.0.1', PATH: '/bin' }), '');
  });

  test('a shutdown that is shorter than a flush', () => {
    assert.match(
      warnings({ SHUTDOWN_TIMEOUT_MS: '5000' }),
      /SHUTDOWN_TIMEOUT_MS=5000 is not above DATABASE_FLUSH_TIMEOUT_MS/,
    );
  });
});

test('what goes into logs has no secret in it', () => {
  const { config } = load({
    KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_USERNAME: 'u',
    KAFKA_PASSWORD: 'hush',
    DATABASE_URL: 'postgres://u:hush@h/d',
    KAFKA_PROPERTIES: 'sasl.oauthbearer.client.secret=hush',
  });
  const shown = redacted(config);
  assert.doesNotMatch(JSON.stringify(shown), /hush/);
  assert.equal(shown.kafkaPassword, '[redacted]');
  assert.equal(shown.kafkaUsername, 'u');
});
