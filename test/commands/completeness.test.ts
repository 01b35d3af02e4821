import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { LagMetrics } from '../../src/commands/lag/lag-metrics.js';
import { PositionReader } from '../../src/commands/lag/positions.js';
import { runMain } from '../support/command.js';
import { CHAIN_BEGINS, fillWithHoles } from '../support/holed-chain.js';
import { type RoledDatabase, roledDatabase, script } from '../support/least-privilege.js';

const SQL_FILE = fileURLToPath(new URL('../../../deployment/sql/completeness.sql', import.meta.url));
const SPAN = ['--since', CHAIN_BEGINS, '--until', '2025-08-01T13:00:00Z'];
const SETTINGS = `SET completeness.since = '${CHAIN_BEGINS}'; SET completeness.until = '2025-08-01 13:00Z';`;
const CSV = 'hour,trades,volume_usd\n2025-08-01T10:00:00Z,61,600\n"2025-08-01 11:00:00+00",60,900\n';

interface Hour {
  readonly hour: string;
  readonly trades: number;
  readonly volume_usd: number | null;
  readonly reference_trades: number | null;
  readonly blocks_landed: number;
  readonly blocks_missing: number;
  readonly unseen: number;
  readonly blocks_without_trades: number;
  readonly slots_without_header: number;
  readonly diff: Readonly<Record<string, number | null>>;
  readonly flagged: readonly string[];
}

interface Report {
  readonly complete: boolean;
  readonly compared_to: string;
  readonly measures: Readonly<Record<string, { ratio: number; flagged: boolean }>>;
  readonly hours: readonly Hour[];
  readonly offsets: readonly object[];
  readonly duplicates: number;
  readonly findings: readonly string[];
}

let database: RoledDatabase;
let directory: string;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'completeness-'));
  database = await roledDatabase();
  await fillWithHoles(database);
  await database.query('CREATE TABLE hourly (hour timestamptz, trades bigint, volume_usd numeric)');
  await database.query(
    `INSERT INTO hourly VALUES ('2025-08-01 10:00Z', 61, 600), ('2025-08-01 11:00Z', 60, 900), ('2025-07-31 10:00Z', 5, 5)`,
  );
  await script(database.url, `GRANT SELECT ON hourly TO ${database.roles.engine}`);
});

after(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

const run = (...args: string[]) =>
  runMain(['completeness', ...args], { DATABASE_URL: database.urls.engine, OTHER: database.urls.reader });

async function reportOf(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(...SPAN, '--json', ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Report;
}

const near = (value: number | null | undefined, wanted: number) =>
  assert.ok(value != null && Math.abs(value - wanted) < 1e-9, `${value} is not ${wanted}`);

describe('a database with known holes', () => {
  test('is held against its own chain, hour by hour', async () => {
    const { hours, measures, complete } = await reportOf();
    assert.equal(complete, false);
    assert.deepEqual(
      hours.map((hour) => [hour.hour, hour.trades, hour.volume_usd, hour.blocks_landed]),
      [
        ['2025-08-01T10:00:00.000Z', 60, 600, 59],
        ['2025-08-01T11:00:00.000Z', 45, 450, 45],
        ['2025-08-01T12:00:00.000Z', 45, 450, 45],
      ],
    );
    assert.deepEqual(
      hours.map((hour) => [hour.blocks_without_trades, hour.slots_without_header]),
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    );
    near(hours[0]?.blocks_missing, 1);
    near(hours[1]?.blocks_missing, 10 + 60 / 11);
    near(hours[2]?.blocks_missing, 50 / 11);
    near(hours[2]?.unseen, 11 / 60);
    assert.deepEqual(
      hours.map(({ flagged }) => flagged),
      [[], ['blocks'], ['blocks']],
    );
    near(measures.blocks?.ratio, (10 + 60 / 11) / (55 + 60 / 11));
    assert.deepEqual(Object.keys(measures), ['blocks', 'offsets', 'duplicates']);
  });

  test('has offsets that expired, open dead letters, rows ahead of their position and a trade that is there twice', async () => {
    const { offsets, measures, duplicates, findings } = await reportOf();
    assert.deepEqual(offsets, [
      {
        partition: 0,
        first: 0,
        last: 169,
        next_offset: 165,
        with_rows: 149,
        lost: 10,
        open_dead_letters: 2,
        rows_ahead: 5,
      },
    ]);
    near(measures.offsets?.ratio, 12 / 170);
    assert.equal(duplicates, 1);
    assert.deepEqual(measures.duplicates, { ratio: 1 / 152, flagged: false });
    assert.match(findings.join('\n'), /10 offsets expired unread \(ingest_gaps\), 2 are open dead letters/);
    assert.match(findings.join('\n'), /5 rows of partition 0 come from offsets its position \(165\) has not reached/);
  });

  test('differs from a table, a CSV file and a second database by the same, and only in hours these cover', async () => {
    const file = join(directory, 'reference.csv');
    writeFileSync(file, CSV);
    const table = await reportOf('--reference', 'hourly');
    assert.deepEqual(
      table.hours.map(({ reference_trades, diff }) => [reference_trades, diff.trades, diff.volume_usd]),
      [
        [61, 1 / 61, 0],
        [60, 0.25, 0.5],
        [null, null, null],
      ],
    );
    assert.deepEqual(table.hours[1]?.flagged, ['trades', 'volume_usd', 'blocks']);
    assert.deepEqual(table.measures.volume_usd, { ratio: 0.5, flagged: true });
    const csv = await reportOf('--reference', file);
    const other = await reportOf('--reference', database.urls.engine, '--table', 'hourly');
    assert.deepEqual(csv.hours, table.hours);
    assert.deepEqual(other.hours, table.hours);
    assert.doesNotMatch(other.compared_to, /for-tests/);
  });

  test('equals a database with the same trades, whose URL comes from a variable', async () => {
    const { hours, measures } = await reportOf('--reference', 'env:OTHER');
    assert.deepEqual(
      hours.map(({ diff }) => [diff.trades, diff.volume_usd]),
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
    assert.deepEqual(measures.trades, { ratio: 0, flagged: false });
  });

  test('fails the command with --fail, and only where more is off than was allowed', async () => {
    assert.equal((await run(...SPAN, '--fail')).code, 3);
    assert.equal((await run(...SPAN)).code, 0);
    const hour = ['--since', CHAIN_BEGINS, '--until', '2025-08-01T11:00Z', '--fail'];
    assert.equal((await run(...hour, '--percent', '1')).code, 3);
    const { code, stdout } = await run(...hour);
    assert.match(stdout, /Complete: nothing is flagged/);
    assert.equal(code, 0);
  });

  test('refuses a reference that says nothing of these hours, is not there, or cannot be read', async () => {
    const file = join(directory, 'wrong.csv');
    writeFileSync(file, 'hour,trades\n2025-08-01T10:00Z,many\n');
    for (const [args, wanted] of [
      [
        ['--reference', 'hourly', '--since', '2025-08-01T12:00Z', '--until', '2025-08-01T13:00Z'],
        /has nothing between/,
      ],
      [['--reference', 'nowhere', ...SPAN], /there is no table or view nowhere/],
      [['--reference', 'kafka_offsets', ...SPAN], /wants the columns/],
      [['--reference', file, ...SPAN], /line 2: "many" is no number/],
      [['--reference', 'env:NOT_SET', ...SPAN], /there is no variable NOT_SET/],
    ] as const) {
      const { code, stderr } = await run(...args);
      assert.match(stderr, wanted);
      assert.equal(code, 2);
    }
  });

  test('is exported by whoever reads positions once the result is stored, the newest of each measure', async () => {
    const reader = new PositionReader({ databaseUrl: database.urls.monitor, group: 'one', topic: 't' });
    try {
      assert.deepEqual((await reader.read()).completeness, []);
      await reportOf('--store', '--reference', 'hourly');
      await reportOf('--store');
      const { completeness } = await reader.read();
      assert.deepEqual(
        completeness.map(({ measure }) => measure),
        ['blocks', 'duplicates', 'offsets', 'trades', 'volume_usd'],
      );
      const away = { up: true, seenAtMs: null, error: null };
      const text = await new LagMetrics().text({
        group: 'one',
        topic: 't',
        topicPartitions: null,
        partitions: [],
        useful: true,
        completeness,
        sources: { kafka: away, postgres: away },
      });
      assert.match(text, /^data_completeness_diff_ratio\{measure="trades"\} 0\.25$/m);
      assert.match(text, /^data_completeness_checked_timestamp_seconds\{measure="blocks"\} \d{10}/m);
    } finally {
      await reader.close();
    }
  });

  test('has the same numbers by the SQL alone', async () => {
    const report = await reportOf('--reference', 'hourly');
    const client = new pg.Client(database.urls.engine);
    await client.connect();
    try {
      await client.query(
        `${SETTINGS} CREATE TEMP TABLE completeness_reference AS SELECT hour, trades, volume_usd::float8 FROM hourly`,
      );
      const results = (await client.query(readFileSync(SQL_FILE, 'utf8'))) as unknown as pg.QueryResult[];
      const [hours, offsets, duplicates] = results
        .filter(({ command }) => command === 'SELECT')
        .map(({ rows }) => rows);
      const flat = report.hours.map(({ hour, diff, flagged, ...rest }) => {
        const { trades, volume_usd, blocks } = diff;
        const diffs = { trades_diff: trades, volume_usd_diff: volume_usd, blocks_diff: blocks };
        return { hour: new Date(hour), ...rest, ...diffs, flagged: flagged.length > 0 };
      });
      assert.deepEqual(hours?.map(numbers), flat);
      assert.deepEqual(offsets?.map(numbers), report.offsets);
      assert.deepEqual(duplicates?.map(numbers), [{ duplicates: report.duplicates }]);
    } finally {
      await client.end();
    }
  });

  test('can be asked with psql, without settings and without a reference', async (context) => {
    const psql = promisify(execFile);
    const version = await psql('psql', ['--version']).catch(() => null);
    if (version === null) return context.skip('there is no psql on this machine');
    const args = ['-X', '-v', 'ON_ERROR_STOP=1', '-d', database.urls.engine];
    const { stdout } = await psql('psql', [...args, '-c', SETTINGS, '-f', SQL_FILE]);
    assert.match(stdout, /2025-08-01 11:00:00\+00 \|\s+45 \|\s+450 /);
    assert.match((await psql('psql', [...args, '-f', SQL_FILE])).stdout, /\(24 rows\)/);
  });
});

/** The driver gives counts of eight bytes as text. */
function numbers(row: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? Number(value) : value]);
  return Object.fromEntries(entries);
}
