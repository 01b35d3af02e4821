// The first rows of the dashboard, in the order in which an operator asks: how the stream flows.
import { lines, stat, states, words } from './panels.mjs';
import {
  ALERTS,
  BREAKER,
  LAG,
  LAG_SECONDS,
  LANDED,
  NS,
  OURS,
  OWNED,
  PER_SECOND,
  PRODUCED,
  quantile,
  RATE,
  rate,
} from './queries.mjs';

export const FLOW_ROWS = [
  {
    title: 'Is it well?',
    panels: [
      stat(
        'Alerts',
        'Alerts of the engine that fire, not those of others in the same Prometheus. RUNBOOK.md has a section for each.',
        `count(ALERTS{alertstate="firing",alertname=~"${ALERTS}"}) or vector(0)`,
        { thresholds: [[1, 'red']] },
      ),
      stat(
        'Behind',
        'Age of the first message that has not landed, of the partition furthest behind. The source keeps messages for four hours.',
        LAG_SECONDS,
        {
          unit: 's',
          thresholds: [
            [60, 'orange'],
            [3600, 'red'],
          ],
        },
      ),
      stat('Waiting', 'Messages that have not landed, each partition once.', LAG, {
        thresholds: [
          [10000, 'orange'],
          [100000, 'red'],
        ],
      }),
      stat('Landing', 'Messages whose offsets were committed in PostgreSQL, per second.', LANDED, {
        unit: PER_SECOND,
        decimals: 1,
      }),
      stat(
        'Partitions read',
        'Partitions that an engine owns, of all there are: below 1 nobody reads some of them.',
        `(${OWNED} or vector(0)) / max(kafka_topic_partitions{${NS}})`,
        {
          unit: 'percentunit',
          thresholds: [
            [0, 'red'],
            [1, 'green'],
          ],
        },
      ),
      stat(
        'Breaker',
        'Of PostgreSQL. Open: an engine has given the database up for now, and nothing is read.',
        `max(circuit_breaker_state{${NS},name="postgres"})`,
        {
          mappings: BREAKER,
          thresholds: [
            [1, 'orange'],
            [2, 'red'],
          ],
        },
      ),
    ],
  },
  {
    title: 'Is it keeping up?',
    panels: [
      lines(
        'Produced and landed',
        'Messages per second. Landed below produced: the lag grows.',
        [
          [PRODUCED, 'produced'],
          [LANDED, 'landed'],
        ],
        { unit: PER_SECOND, width: 12 },
      ),
      lines(
        'Waiting',
        'Messages that have not landed; useful: those that more engines could work off, which is what the autoscaler goes by.',
        [
          [LAG, 'waiting'],
          [`sum(max by (group, topic, partition) (kafka_consumer_useful_lag{${OURS}}))`, 'useful'],
        ],
        { width: 12, thresholds: [[10000, 'orange']] },
      ),
    ],
  },
  {
    title: 'How far behind, in time?',
    panels: [
      lines(
        'Age by partition',
        'Age of the first message that has not landed. A line that rises by a second per second: the partition stands still.',
        [[`max by (partition) (kafka_consumer_lag_seconds{${OURS}})`, 'partition {{partition}}']],
        {
          unit: 's',
          thresholds: [
            [60, 'orange'],
            [3600, 'red'],
          ],
        },
      ),
      lines(
        'Time to the head',
        'How long the backlog takes at this pace; nothing where it does not shrink.',
        [[`${LAG} / (${LANDED} - ${PRODUCED} > 0)`, 'to the head']],
        { unit: 's' },
      ),
      lines(
        'Room before messages expire',
        'Share of what the brokers hold that lies behind our position. At 0 messages expire unread.',
        [
          [
            `min by (partition) ((max by (group, topic, partition) (kafka_consumer_committed_offset{${OURS}}) - on (topic, partition) group_left () max by (topic, partition) (kafka_partition_low_watermark_offset{${NS}})) / on (topic, partition) group_left () (max by (topic, partition) (kafka_partition_high_watermark_offset{${NS}}) - max by (topic, partition) (kafka_partition_low_watermark_offset{${NS}})))`,
            'partition {{partition}}',
          ],
        ],
        { unit: 'percentunit', max: 1 },
      ),
    ],
  },
  {
    title: 'Where is time lost?',
    panels: [
      lines(
        'Standing still for',
        'Share of time that the flow stood still, and for what: the broker, decode threads, an earlier result, PostgreSQL. All engines together.',
        [[rate('engine_stall_seconds_total', 'stage'), '{{stage}}']],
        { unit: 'percentunit', stack: true },
      ),
      lines(
        '99th percentile by stage',
        'Of queue (received, until a thread has it), decode, order (until its batch is begun) and write.',
        [[quantile(0.99, 'message_processing_duration_seconds', 'stage'), '{{stage}}']],
        { unit: 's', thresholds: [[0.5, 'orange']] },
      ),
      lines(
        'From Kafka to the COMMIT',
        'From the timestamp of a batch’s oldest message to its COMMIT. The aim: 99 % within 5 s.',
        [
          [quantile(0.5, 'end_to_end_latency_seconds'), 'median'],
          [quantile(0.95, 'end_to_end_latency_seconds'), '95th percentile'],
          [quantile(0.99, 'end_to_end_latency_seconds'), '99th percentile'],
        ],
        { unit: 's', thresholds: [[5, 'orange']] },
      ),
    ],
  },
  {
    title: 'What landed?',
    panels: [
      lines(
        'Trades',
        'Trades inserted, and those dropped because their transaction had landed before: two thirds of the stream repeat.',
        [
          [rate('trades_written_total'), 'landed'],
          [rate('duplicates_dropped_total'), 'repeats'],
        ],
        { unit: PER_SECOND },
      ),
      lines('Received', 'Bytes of messages, uncompressed.', [[rate('messages_bytes_total'), 'received']], {
        unit: 'Bps',
      }),
      lines(
        'Repeats that differ',
        'Transactions that came again with other contents; the first stay.',
        [[rate('duplicates_conflicting_total'), 'differ']],
        { unit: PER_SECOND },
      ),
    ],
  },
  {
    title: 'What fails?',
    panels: [
      lines(
        'Errors',
        'By stage and kind. Most are tried again and pass.',
        [[rate('processing_errors_total', 'stage, error_type'), '{{stage}}: {{error_type}}']],
        { unit: PER_SECOND },
      ),
      lines(
        'Share that fails',
        'Errors and dead letters of all work, as the alert HighErrorRate sees it.',
        [[`namespace:processing_errors:ratio_rate5m{${NS}}`, 'fails']],
        { unit: 'percentunit', thresholds: [[0.01, 'orange']] },
      ),
      lines('Dead letters', 'Messages and rows kept in ingest_dead_letters, since each engine started.', [
        [`sum by (reason) (dead_letters_total{${NS}})`, '{{reason}}'],
      ]),
      lines(
        'Lost and refused',
        'Gaps: messages expired unread, see ingest_gaps. Commits: Kafka did not take one; progress does not depend on it.',
        [
          [`sum(increase(kafka_consumer_offset_resets_total{${NS}}${RATE}))`, 'gaps'],
          [`sum(increase(kafka_consumer_commit_failures_total{${NS}}${RATE}))`, 'commits refused'],
        ],
      ),
      states(
        'Breaker',
        'Of each engine, that of PostgreSQL: closed, half open, open.',
        [[`max by (instance) (circuit_breaker_state{${NS},name="postgres"})`, '{{instance}}']],
        {
          mappings: BREAKER,
          thresholds: [
            [1, 'orange'],
            [2, 'red'],
          ],
        },
      ),
      states(
        'Kafka',
        'Whether a broker is up and bytes come from it.',
        [
          [`min by (instance) (kafka_connection_active{${NS}})`, '{{instance}}'],
          [`min by (instance) (lag_exporter_source_up{${NS},source="kafka"})`, 'lag exporter {{instance}}'],
        ],
        {
          mappings: words([0, 'away', 'red'], [1, 'connected', 'green']),
          thresholds: [
            [0, 'red'],
            [1, 'green'],
          ],
        },
      ),
    ],
  },
];
