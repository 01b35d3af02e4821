import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '../../errors.js';
import { Connection } from '../../sink/connection.js';
import { FAMILY_PATTERN } from '../../sink/connections.js';
import { DecodePool } from '../../workers/decode-pool.js';
import { type Check, type CheckContext, type CheckResult, fail, ok, skipped, warn } from './check.js';
import { clockSkewMs, replicasResult, suggestedThresholds } from './judgements.js';
import { writeAndTakeBack } from './write-test.js';

const READ_TIMEOUT_MS = 15_000;
const WRITE_STALL_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const RATE_MS_MIN = 1_000;
const SKEW_WARN_MS = 2_000;

const decoder: Check = {
  name: 'decoder',
  needs: ['topic'],
  async run(context) {
    const { config } = context;
    const { rehearse } = await import('../../engine-rehearsal.js'); // loads the Kafka client
    const pool = await DecodePool.start({
      threads: 1,
      taskTimeoutMs: config.workerTaskTimeoutMs,
      messageMaxBytes: config.kafkaMessageMaxBytes,
    });
    try {
      const sink = {
        rehearse: async (parts: CheckContext['newest'] & object) => {
          context.newest = parts;
          return { rows: 0, known: 0 };
        },
      };
      const options = { config, decoder: pool, sink };
      const { partitions, messages, failed } = await rehearse(options, AbortSignal.timeout(READ_TIMEOUT_MS));
      if (messages === 0)
        return warn(`none of the ${partitions} partitions holds a message`, 'Is KAFKA_TOPIC the one?');
      const trades = (context.newest ?? []).reduce((sum, part) => sum + part.tradeRows, 0);
      const detail = `the newest ${messages} messages of ${context.newest?.length} of ${partitions} partitions give ${trades} trades`;
      if (failed === 0) return ok(detail);
      return warn(`${detail}; ${failed} do not decode`, 'They would become dead letters. Is this the newest release?');
    } finally {
      await pool.close();
    }
  },
};

const rate: Check = {
  name: 'rate',
  needs: ['topic'],
  async run({ config, kafka, held }) {
    invariant(kafka !== undefined && held !== undefined, 'The check of the topic looked at it.');
    const { kafkaTopic: topic } = config;
    await delay(Math.max(0, held.atMs + RATE_MS_MIN - performance.now()));
    const ends = Array.from({ length: held.partitions }, (_, partition) =>
      kafka.client.watermarks({ topic, partition }),
    );
    const end = (await Promise.all(ends)).reduce((sum, { high }) => sum + high, 0);
    const seconds = (performance.now() - held.atMs) / 1_000;
    const perSecond = (end - held.end) / seconds;
    if (perSecond <= 0) return ok(`nothing was written within ${seconds.toFixed(1)} s, so nothing can be suggested`);
    const { warnBelow, lagAbove } = suggestedThresholds(perSecond);
    return ok(
      `${perSecond.toFixed(1)} messages/s were written; suggested: THROUGHPUT_WARN_BELOW=${warnBelow} (is ${config.throughputWarnBelow}), an alert on a lag above ${lagAbove}`,
    );
  },
};

/** Between the checks of the brokers and those of the database. */
export const STREAM_CHECKS: readonly Check[] = [decoder, rate];

const clock: Check = {
  name: 'clock',
  needs: ['database'],
  async run({ database, newest }) {
    invariant(database !== undefined, 'The database check connected.');
    const sentMs = Date.now();
    const { rows } = await database.query<{ ms: number }>(
      'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms',
    );
    const skewMs = clockSkewMs(sentMs, Date.now(), rows[0]?.ms ?? sentMs);
    const newestMs = (newest ?? []).map(({ newestTimestampMs }) => newestTimestampMs ?? 0);
    const aheadMs = Math.max(0, ...newestMs) - Date.now();
    const said = `${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} this machine’s`;
    const advice =
      'Let both follow a time server (timedatectl, chronyc tracking): times of lag and latency are wrong by as much.';
    if (Math.abs(skewMs) > SKEW_WARN_MS) return warn(`the database’s clock is ${said}`, advice);
    if (aheadMs > SKEW_WARN_MS)
      return warn(`messages are ${(aheadMs / 1_000).toFixed(1)} s ahead of this machine’s clock`, advice);
    return ok('this machine, the database and the messages agree on the time');
  },
};

const replicas: Check = {
  name: 'replicas',
  needs: ['topic', 'database'],
  async run({ database, held }) {
    invariant(database !== undefined && held !== undefined, 'The checks of topic and database looked at them.');
    const { rows } = await database.query<{ engines: number }>(
      `SELECT count(DISTINCT split_part(application_name, ' ', 2))::int AS engines FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE $1 AND application_name ~ ' lane\\d+$'`,
      [FAMILY_PATTERN],
    );
    return replicasResult(held.partitions, rows[0]?.engines ?? 0);
  },
};

const write: Check = {
  name: 'write',
  needs: ['decoder', 'privileges'],
  async run({ config, database, newest }): Promise<CheckResult> {
    if (newest === undefined || newest.length === 0) return skipped('there is no message to write');
    const there = await database?.query<{ there: boolean }>(
      `SELECT to_regclass('solana_dex_trades') IS NOT NULL AS there`,
    );
    if (there?.rows[0]?.there !== true) return skipped('the tables are not there yet');
    const connection = await Connection.open({
      url: config.databaseUrl ?? '',
      applicationName: 'trades-engine check',
      stallTimeoutMs: WRITE_STALL_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
    });
    try {
      const { rows, known } = await writeAndTakeBack(connection, newest);
      return ok(
        `${rows} trades were written and taken back${known === 0 ? '' : `; ${known} more were repeats, or had landed before`}`,
      );
    } catch (error) {
      return fail(
        `the newest trades cannot be written: ${error instanceof Error ? error.message : String(error)}`,
        'Look at constraints, triggers and disk space of solana_dex_trades; `start` would fail in the same way.',
      );
    } finally {
      connection.destroy();
    }
  },
};

/** After both. */
export const BOTH_CHECKS: readonly Check[] = [clock, replicas, write];
