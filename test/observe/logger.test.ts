import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { EngineError } from '../../src/errors.js';
import { createLogger, errorKind, type LogOptions } from '../../src/observe/logger.js';

/** A logger into memory, and the lines it wrote. */
function capture(options: Partial<LogOptions> = {}): {
  log: ReturnType<typeof createLogger>;
  lines: () => unknown[];
  text: () => string;
} {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const log = createLogger({ level: 'info', destination, ...options });
  const lines = (): unknown[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { log, lines, text: () => text };
}

describe('the logger', () => {
  it('writes one line of JSON in ECS fields', () => {
    const { log, lines } = capture();
    log.warn('partition_fenced', 'partition 3 is another’s', { 'kafka.partition': 3, threads: 2 });
    const [line] = lines() as Record<string, unknown>[];
    assert.match(String(line?.['@timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { '@timestamp': _time, ...rest } = line!;
    assert.deepEqual(rest, {
      'log.level': 'warn',
      'service.name': 'solana-trades-engine',
      'process.pid': process.pid,
      'ecs.version': '8.17.0',
      'event.code': 'partition_fenced',
      'kafka.partition': 3,
      'engine.threads': 2,
      message: 'partition 3 is another’s',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = capture({ level: 'error' });
    log.warn('starting', 'not this');
    log.error('ready', 'but this');
    log.fatal('stopped', 'and this');
    assert.deepEqual(
      (lines() as Record<string, unknown>[]).map((line) => line['event.code']),
      ['ready', 'stopped'],
    );
  });

  it('writes an error with type, code, stack and causes', () => {
    const { log, lines } = capture();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    log.error('database_retry', 'a batch failed', {
      error: new EngineError('DATABASE_UNREACHABLE', 'no database', { cause }),
    });
    const [line] = lines() as Record<string, unknown>[];
    assert.equal(line?.['error.type'], 'EngineError');
    assert.equal(line?.['error.code'], 'DATABASE_UNREACHABLE');
    assert.equal(line?.['error.message'], 'no database: connect ECONNREFUSED');
    assert.match(String(line?.['error.stack_trace']), /logger\.test/);
  });

  it('writes what is thrown without being an error', () => {
    const { log, lines } = capture();
    log.error('http_error', 'odd', { error: 'just text' });
    assert.equal((lines()[0] as Record<string, unknown>)['error.message'], 'just text');
  });

  it('never writes a secret, wherever it stands', () => {
    const { log, text } = capture();
    const url = 'postgres://engine:s3cret@db:5432/trades';
    log.info('starting', `connecting to ${url}`);
    log.info('starting', 'fields', {
      kafkaPassword: 's3cret',
      DATABASE_URL: 's3cret',
      'ssl.key.password': 's3cret',
      nested: { list: [{ sasl_password: 's3cret' }, url] },
      pem: '-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----',
    });
    log.error('http_error', 'sasl.password=s3cret', {
      error: new Error(`failed: ${url}`, { cause: new Error('password: "s3cret"') }),
    });
    assert.doesNotMatch(text(), /s3cret/);
    assert.match(text(), /postgres:\/\/engine:\[redacted\]@db:5432\/trades/);
  });

  it('does not hide what only looks like a secret', () => {
    const { log, lines } = capture();
    log.info('starting', 'at http://localhost:8080/health', { 'kafka.key': 'k', tokens: 3, monkey: 'm' });
    const [line] = lines() as Record<string, unknown>[];
    assert.equal(line?.message, 'at http://localhost:8080/health');
    assert.equal(line?.['kafka.key'], 'k');
    assert.equal(line?.['engine.tokens'], 3);
    assert.equal(line?.['engine.monkey'], 'm');
  });

  it('writes the first of a kind, then one per interval with the number left out', () => {
    let nowMs = 1_000;
    const { log, lines } = capture({ limitIntervalMs: 100, now: () => nowMs });
    for (let i = 0; i < 10; i++) log.limited('error', 'DATABASE_UNREACHABLE', 'database_retry', `attempt ${i}`);
    log.limited('error', 'KAFKA_UNREACHABLE', 'kafka_client', 'another kind');
    nowMs += 100;
    log.limited('error', 'DATABASE_UNREACHABLE', 'database_retry', 'later');
    log.limited('error', 'DATABASE_UNREACHABLE', 'database_retry', 'just after');
    assert.deepEqual(
      (lines() as Record<string, unknown>[]).map((line) => [line.message, line['event.suppressed']]),
      [
        ['attempt 0', undefined],
        ['another kind', undefined],
        ['later', 9],
      ],
    );
  });

  it('tells kinds of errors apart by code, else by type', () => {
    assert.equal(errorKind(new EngineError('DATABASE_FENCED', 'x')), 'DATABASE_FENCED');
    assert.equal(errorKind(Object.assign(new Error('x'), { code: '57P01' })), '57P01');
    assert.equal(errorKind(new RangeError('x')), 'RangeError');
    assert.equal(errorKind('x'), 'string');
  });

  it('writes for people where asked to', () => {
    const { log, text } = capture({ pretty: true });
    log.info('engine_started', 'the engine is up', { 'kafka.partition': 3 });
    assert.match(text(), /INFO: the engine is up\n\s+kafka\.partition: 3\n/);
  });

  for (const destination of ['stdout', 'stderr'] as const) {
    it(`writes JSON to ${destination} alone where that is no terminal, even if the process exits at once`, () => {
      const module = new URL('../../src/observe/logger.js', import.meta.url).href;
      const script = `import { createLogger } from ${JSON.stringify(module)};
        createLogger({ level: 'info', destination: '${destination}' }).info('last', 'last words');
        process.exit(0);`;
      const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
      const other = destination === 'stdout' ? 'stderr' : 'stdout';
      assert.equal(JSON.parse(ran[destination]).message, 'last words');
      assert.equal(ran[other], '');
    });
  }
});
