export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface LogEvent {
  readonly level: LogLevel;
  /** What happened. */
  readonly means: string;
  /** What an operator does about it. */
  readonly act: string;
}

const NOTHING = 'Nothing.';

/**
 * Every `event.code` a log line may carry. Codes do not change: alerts and searches hang on them, texts may. docs/LOGS.md is
 * made of this table.
 */
export const LOG_EVENTS = {
  starting: { level: 'info', means: 'The process begins; its configuration, without secrets.', act: NOTHING },
  config_warning: { level: 'warn', means: 'A setting works and is most likely not meant so.', act: 'Mend it.' },
  engine_started: { level: 'info', means: 'The engine is up; its ports and decode threads.', act: NOTHING },
  state_changed: {
    level: 'info',
    means: 'The engine goes from one state to another (`engine_state`), told to or by itself.',
    act: NOTHING,
  },
  rehearsed: {
    level: 'info',
    means: 'The way from broker to table was tried without landing anything, as it is before standby.',
    act: NOTHING,
  },
  engine_failed: {
    level: 'fatal',
    means: 'The engine cannot go on and ends with exit code 1. `error.code` says of what, the text what to do.',
    act: 'Do what the text says. Nothing is lost: the next start goes on where this one stopped.',
  },
  shutdown: { level: 'info', means: 'A signal: stops fetching, lands what is in flight.', act: NOTHING },
  stopped: { level: 'info', means: 'Everything in flight has landed.', act: NOTHING },
  stopped_unsettled: {
    level: 'warn',
    means: 'Something in flight did not land in time; the next engine reads it again.',
    act: 'Where it happens often, see what slows the database and raise SHUTDOWN_TIMEOUT_MS.',
  },
  shutdown_deadline: {
    level: 'fatal',
    means: 'Not drained after SHUTDOWN_TIMEOUT_MS: the process exits anyway.',
    act: 'See whether database or broker was away. Nothing is lost.',
  },
  shutdown_forced: { level: 'fatal', means: 'A second signal: the process exits at once.', act: NOTHING },
  ready: { level: 'info', means: '`/ready` answers 200.', act: NOTHING },
  not_ready: {
    level: 'warn',
    means: '`/ready` answers 503; the text gives every reason.',
    act: 'See to the reason given: database, broker, group or decode threads.',
  },
  not_live: {
    level: 'warn',
    means:
      '`/live` answers 503: the poll loop or a partition stands still though all around is well, or the engine failed.',
    act: 'Restart it, unless something does so by itself; keep the lines before this one.',
  },
  live_again: { level: 'info', means: '`/live` answers 200 again.', act: NOTHING },
  flow: { level: 'info', means: 'Once every FLOW_LOG_INTERVAL_MS: pace, lag and latency.', act: NOTHING },
  throughput_low: {
    level: 'warn',
    means: 'Fewer messages land than THROUGHPUT_WARN_BELOW though there are more to be had.',
    act: 'See to the stage named: kafka, workers (add CPUs or replicas), reassembler or postgres.',
  },
  throughput_recovered: { level: 'info', means: 'The pace is enough again.', act: NOTHING },
  latency_high: {
    level: 'warn',
    means: 'The 99th percentile from Kafka to the COMMIT is over LATENCY_WARN_ABOVE_MS.',
    act: 'See to the stage named. During a catch-up it passes by itself.',
  },
  latency_recovered: { level: 'info', means: 'The latency is below its limit again.', act: NOTHING },
  rebalance: {
    level: 'info',
    means: 'The group gives or takes partitions.',
    act: 'Where it goes on and on, see why members leave.',
  },
  rebalance_failed: {
    level: 'warn',
    means: 'The group could not share out its partitions.',
    act: 'See whether it passes; else see the brokers.',
  },
  partition_fenced: {
    level: 'warn',
    means: 'Another engine has claimed the partition; what this one had of it is dropped.',
    act: 'Nothing, unless two engines do it to each other again and again.',
  },
  group_rejoined: {
    level: 'warn',
    means: 'The group says that a partition is ours and the database that it is another’s: joins the group anew.',
    act: 'Nothing, unless it goes on: then see whether two groups share one KAFKA_GROUP_ID in the database.',
  },
  partition_rewound: {
    level: 'warn',
    means: 'The database went back in time (a fail-over, a restore); the source is read again from there.',
    act: 'See what became of the database. Nothing is lost while the source still holds it.',
  },
  gap_recorded: {
    level: 'error',
    means: 'Messages expired unread; a row in ingest_gaps says which.',
    act: 'They are gone from the source: take them from elsewhere, see why the engine was behind.',
  },
  position_unknown: {
    level: 'warn',
    means: 'Kafka did not say where a partition stands; it is asked again.',
    act: 'See the brokers where it goes on.',
  },
  seek_failed: {
    level: 'warn',
    means: 'A partition could not be read from another offset; it is tried again.',
    act: 'See the brokers where it goes on.',
  },
  source_changed: {
    level: 'warn',
    means: 'The cluster or the topic is another than before, and KAFKA_SOURCE_POLICY=continue goes on with it.',
    act: 'See that it was meant so, then set it back to halt.',
  },
  kafka_client: {
    level: 'warn',
    means: 'The Kafka client says something of its own.',
    act: 'See the brokers where it goes on.',
  },
  kafka_consume_failed: {
    level: 'warn',
    means: 'Fetching failed and is tried again.',
    act: 'See the brokers where it goes on.',
  },
  kafka_commit_failed: {
    level: 'warn',
    means: 'Kafka did not take the group’s offsets. Progress does not depend on them, lag tools do.',
    act: 'See the group’s coordinator where it goes on.',
  },
  certificate_expiring: {
    level: 'warn',
    means: 'A certificate ends within three weeks, or has.',
    act: 'Put new files in place and restart; for the brokers’ own, tell their owner.',
  },
  worker_failed: {
    level: 'error',
    means: 'A decode thread died or hung and was replaced; its messages are read again.',
    act: 'Nothing, unless it goes on: keep the message, which becomes a dead letter in the end.',
  },
  message_poisonous: {
    level: 'error',
    means: 'A message takes every decode thread down and becomes a dead letter.',
    act: 'Report it, with the dead letter’s payload.',
  },
  duplicate_conflicts: {
    level: 'warn',
    means: 'A transaction came again with other contents; the first stays.',
    act: 'Tell the stream’s owner where it is frequent.',
  },
  migrated: { level: 'info', means: 'Migrations were applied.', act: NOTHING },
  database_waiting: {
    level: 'warn',
    means: 'The database is not there yet; it is waited for.',
    act: 'Start it, or mend DATABASE_URL.',
  },
  database_retry: {
    level: 'warn',
    means: 'A call to the database failed and is tried again.',
    act: 'See the database where it goes on.',
  },
  breaker_open: {
    level: 'error',
    means: 'The database keeps failing and is left alone for BREAKER_OPEN_MS. Reading stops at the memory budget.',
    act: 'Bring the database back. Nothing is lost.',
  },
  breaker_closed: { level: 'info', means: 'The database answers again.', act: NOTHING },
  lock_waited_for: {
    level: 'warn',
    means: 'A write waits for a lock that somebody else holds.',
    act: 'End the session named, where it is not wanted.',
  },
  lock_unknown: {
    level: 'warn',
    means: 'What holds a write up could not be looked at.',
    act: 'See the number of connections.',
  },
  stale_backends_ended: {
    level: 'warn',
    means: 'Sessions of an earlier owner held a write up and were ended.',
    act: NOTHING,
  },
  maintenance_failed: {
    level: 'warn',
    means: 'Upkeep of the tables failed and is tried again.',
    act: 'Do what the text says where it goes on.',
  },
  table_partitions_dropped: {
    level: 'info',
    means: 'Table partitions beyond DATABASE_RETENTION_SLOTS were dropped.',
    act: NOTHING,
  },
  indexes_built: { level: 'info', means: 'Indexes were built on closed table partitions.', act: NOTHING },
  redis_connected: {
    level: 'info',
    means: 'Landed trades are published in Redis, for the first time or again.',
    act: NOTHING,
  },
  redis_lost: {
    level: 'warn',
    means:
      'Redis was lost, or is not reached; the text says of what. Trades land all the same and wait in REDIS_BUFFER_BYTES.',
    act: 'Do what the text says. It is tried again every two seconds.',
  },
  redis_dropping: {
    level: 'warn',
    means: 'Landed trades were not published in Redis (`reason`, and `dropped`, how many since the start).',
    act: 'See to Redis. Who needs every trade reads PostgreSQL.',
  },
  lag_exporter_started: { level: 'info', means: '`lag-exporter` is up; its ports.', act: NOTHING },
  lag_exporter_stopped: { level: 'info', means: '`lag-exporter` was told to end.', act: NOTHING },
  lag_source_away: {
    level: 'warn',
    means:
      '`lag-exporter` has no answer from brokers or database (`source`); what hangs on it is not exported until it has.',
    act: 'Do what the text says. The engines are not concerned, unless they say so themselves.',
  },
  lag_source_back: { level: 'info', means: 'It has an answer again.', act: NOTHING },
  http_error: { level: 'error', means: 'A route failed; the client got a bare 500.', act: 'Report it.' },
  dashboard_error: {
    level: 'warn',
    means: 'The page could not read something; the engine is not concerned.',
    act: NOTHING,
  },
} as const satisfies Record<string, LogEvent>;

export type LogCode = keyof typeof LOG_EVENTS;

/** What those who log through an interface of their own put beside their fields. */
export interface LogEventFields {
  readonly event: LogCode;
  readonly [name: string]: unknown;
}
