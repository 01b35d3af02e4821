import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../src/errors.js';
import { classify, haltError } from '../../src/sink/classify.js';

const server = (code: string, message = 'it', routine = ''): Error =>
  Object.assign(new Error(message), { code, severity: 'ERROR', routine });
const system = (code: string): Error => Object.assign(new Error(code), { code });

test('every SQLSTATE class has its consequence', () => {
  const expected = {
    outage: [
      '08006',
      '08P01',
      '57P01',
      '57P02',
      '57P03',
      '53100',
      '53200',
      '53300',
      '25006',
      '57014',
      '58030',
      'XX000',
    ],
    contention: ['40001', '40P01', '55P03'],
    duplicate: ['23505'],
    data: ['22001', '22021', '22P03', '23514', '23502', '23503', '54000', 'P0001'],
    position: ['TE001'],
    schema: ['42P01', '42703', '42501', '3D000', '0A000', '3F000', '25P02'],
    authentication: ['28000', '28P01'],
  };
  for (const [kind, codes] of Object.entries(expected)) {
    for (const code of codes) assert.equal(classify(server(code)), kind, code);
  }
  assert.equal(classify(server('23514', 'no partition', 'ExecFindPartition')), 'partition');
});

test('errors of the network and of the driver are outages', () => {
  const texts = [
    'Connection terminated unexpectedly',
    'timeout expired',
    'Client has encountered a connection error and is not queryable',
  ];
  for (const text of texts) assert.equal(classify(new Error(text)), 'outage', text);
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE'])
    assert.equal(classify(system(code)), 'outage', code);
  assert.equal(classify(new AggregateError([system('ECONNREFUSED')])), 'outage');
  assert.equal(classify(new EngineError('DATABASE_UNREACHABLE', 'stalled', { canRetry: true })), 'outage');
});

test('a mistake of ours is neither retried nor blamed on the schema', () => {
  const error = new TypeError('x is not a function');
  assert.equal(classify(error), 'unknown');
  assert.equal(haltError(error, 'A write').code, 'INVARIANT');
});

test('what a person must mend says how', () => {
  const advice = (error: unknown): string => haltError(error, 'A write').message;
  assert.match(advice(server('42P01', 'relation "kafka_offsets" does not exist')), /run `migrate`/);
  assert.match(
    advice(server('42703', 'column "usd_source" of relation "solana_dex_trades" does not exist')),
    /ALTER TABLE solana_dex_trades ADD COLUMN usd_source text;/,
  );
  assert.match(
    advice(server('42501', 'permission denied for table kafka_offsets')),
    /GRANT ALL ON TABLE kafka_offsets TO/,
  );
  assert.match(advice(server('3D000', 'database "x" does not exist')), /Create the database/);
  assert.match(advice(server('28P01', 'password authentication failed')), /DATABASE_URL/);
});
