// The rows below: what the engines are made of, who reads, whether it is complete.
import { lines, stat, states, table, words } from './panels.mjs';
import { NS, OURS, PER_SECOND, quantile, RATE, rate } from './queries.mjs';

export const PROCESS_ROWS = [
  {
    title: 'PostgreSQL',
    panels: [
      lines('Rows', 'Rows sent by COPY.', [[rate('pg_copy_rows_total'), 'rows']], { unit: PER_SECOND }),
      lines(
        'Time of a COPY',
        'From its first byte to the answer.',
        [
          [quantile(0.5, 'pg_copy_duration_seconds'), 'median'],
          [quantile(0.99, 'pg_copy_duration_seconds'), '99th percentile'],
        ],
        { unit: 's' },
      ),
      lines('Bytes', 'Bytes sent by COPY.', [[rate('pg_copy_bytes_total'), 'sent']], { unit: 'Bps' }),
    ],
  },
  {
    title: 'Decode threads',
    panels: [
      lines(
        'Busy',
        'Share of an engine’s threads that have a slab. Near 1: add CPUs or replicas.',
        [[`max by (instance) (worker_busy_ratio{${NS}})`, '{{instance}}']],
        { unit: 'percentunit', max: 1, thresholds: [[0.9, 'orange']] },
      ),
      lines('Waiting for a thread', 'Slabs.', [[`max by (instance) (worker_queue_depth{${NS}})`, '{{instance}}']]),
      lines('Decoding', 'Seconds of decoding per second, and threads that died or hung.', [
        [rate('worker_busy_seconds_total'), 'threads busy'],
        [`sum(increase(worker_restarts_total{${NS}}${RATE}))`, 'restarts'],
      ]),
    ],
  },
  {
    title: 'Memory and CPU',
    panels: [
      lines(
        'Memory of its limit',
        'Resident memory, where the container has a limit.',
        [[`process_resident_memory_bytes{${NS}} / process_memory_limit_bytes{${NS}}`, '{{instance}}']],
        { unit: 'percentunit', thresholds: [[0.8, 'orange']] },
      ),
      lines(
        'Memory',
        'Resident: all of it. Heap: JavaScript objects. External: buffers.',
        [
          [`max by (instance) (process_resident_memory_bytes{${NS}})`, 'resident {{instance}}'],
          [`max by (instance) (nodejs_heap_size_used_bytes{${NS}})`, 'heap {{instance}}'],
          [`max by (instance) (nodejs_external_memory_bytes{${NS}})`, 'external {{instance}}'],
        ],
        { unit: 'bytes' },
      ),
      lines(
        'Received and not landed',
        'Of the budget. At 1 nothing is fetched until some has landed.',
        [[`max by (instance) (engine_inflight_bytes{${NS}} / engine_budget_bytes{${NS}})`, '{{instance}}']],
        { unit: 'percentunit', max: 1, thresholds: [[0.9, 'orange']] },
      ),
      lines('CPU', 'Processors kept busy.', [
        [`sum by (instance) (rate(process_cpu_seconds_total{${NS}}${RATE}))`, '{{instance}}'],
      ]),
      lines(
        'Main thread late',
        '99th percentile of how late the event loop comes to its next turn.',
        [[`max by (instance) (nodejs_eventloop_lag_p99_seconds{${NS}})`, '{{instance}}']],
        { unit: 's', thresholds: [[1, 'orange']] },
      ),
      lines('Files open', 'File descriptors; one that rises for ever is a leak.', [
        [`max by (instance) (process_open_fds{${NS}})`, '{{instance}}'],
      ]),
    ],
  },
  {
    title: 'Who reads?',
    panels: [
      lines(
        'Partitions by engine',
        'A line that drops to nothing is an engine that is gone.',
        [[`max by (instance) (kafka_consumer_assigned_partitions{${OURS}})`, '{{instance}}']],
        { stack: true },
      ),
      lines(
        'Rebalances',
        'Times partitions were given, taken or lost. A replica that comes or goes costs each of the others two.',
        [[`sum by (instance) (increase(kafka_consumer_rebalances_total{${NS}}[10m]))`, '{{instance}}']],
      ),
      states(
        'State',
        'Whether an engine reads.',
        [[`max by (instance) (engine_state{${NS},state="active"})`, '{{instance}}']],
        { mappings: words([0, 'stands by', 'blue'], [1, 'active', 'green']), thresholds: [[1, 'green']] },
      ),
      table(
        'What runs',
        'Version, colour and transport of each engine.',
        [[`engine_build_info{${NS}}`]],
        ['instance', 'pod', 'version', 'colour', 'node_version', 'http_transport'],
        { width: 24, height: 6 },
      ),
    ],
  },
  {
    title: 'Is it complete?',
    panels: [
      lines(
        'Differs from the reference',
        'In the worst hour of what `completeness --store` compared last.',
        [[`max by (measure) (data_completeness_diff_ratio{${NS}})`, '{{measure}}']],
        { unit: 'percentunit', thresholds: [[0.05, 'orange']] },
      ),
      stat(
        'Checked',
        'How long ago. It is to run once an hour.',
        `time() - max(data_completeness_checked_timestamp_seconds{${NS}})`,
        { unit: 's', width: 8, height: 8, thresholds: [[7200, 'orange']] },
      ),
      lines(
        'Landed last',
        'How long ago something of a partition landed.',
        [[`time() - max by (partition) (kafka_consumer_commit_timestamp_seconds{${OURS}})`, 'partition {{partition}}']],
        { unit: 's' },
      ),
    ],
  },
  {
    title: 'Certificates, lag exporter, Redis',
    panels: [
      lines(
        'Certificates end in',
        'The earliest of each kind: our files, and what the brokers show.',
        [[`min by (certificate) (tls_certificate_not_after_timestamp_seconds{${NS}}) - time()`, '{{certificate}}']],
        {
          unit: 's',
          thresholds: [
            [0, 'red'],
            [604800, 'green'],
          ],
        },
      ),
      states(
        'Lag exporter',
        'Whether brokers and database answer it. Without it nobody tells of lag when the engines are gone.',
        [[`min by (source) (lag_exporter_source_up{${NS}})`, '{{source}}']],
        {
          mappings: words([0, 'away', 'red'], [1, 'answers', 'green']),
          thresholds: [
            [0, 'red'],
            [1, 'green'],
          ],
        },
      ),
      lines(
        'Redis',
        'Landed trades published in the stream, and those left out, which delays nothing. Empty without REDIS_URL.',
        [
          [rate('redis_published_total'), 'published'],
          [rate('redis_dropped_total', 'reason'), 'dropped: {{reason}}'],
        ],
        { unit: PER_SECOND },
      ),
    ],
  },
];
