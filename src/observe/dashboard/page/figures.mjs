import { byId, fill, make, setText } from './dom.mjs';
import {
  bytesParts,
  formatBytes,
  formatClock,
  formatCount,
  formatPercent,
  formatSeconds,
  formatWhole,
} from './format.mjs';

const STAGES = {
  kafka: ['Kafka', 'waiting for messages to come from the broker'],
  workers: ['Workers', 'waiting for a free decode thread'],
  reassembler: ['Reassembler', 'waiting for an earlier stretch, to keep the order'],
  postgres: ['PostgreSQL', 'waiting for batches to be written'],
};
const LATENCY_STAGES = {
  queue: 'Waiting for a worker',
  decode: 'Decoding',
  order: 'Putting in order',
  write: 'Writing',
};
const TRENDS = {
  'at-head': 'at the head of the stream',
  'catching-up': 'the gap closes',
  'falling-behind': 'the gap grows',
  level: 'the gap stays',
};

/** The head of the page: who this is, how it is, and the six figures. */
export function showFigures(report) {
  const { headline, throughput, lag, latency } = report;
  byId('state').dataset.tone = headline.tone;
  if (byId('state-title').textContent !== headline.title)
    setText('announcement', `${headline.title}. ${headline.text}`);
  setText('state-title', headline.title);
  setText('state-text', headline.text);
  document.title = `${headline.title} · Solana Trades Engine`;
  const colour = report.colour === null ? '' : ` · ${report.colour}`;
  setText('identity', `${report.topic} · ${report.group}${colour}`);

  const [now, minute] = [throughput.last_10s, throughput.last_1m];
  setText('messages', formatCount(now?.messages_per_second ?? null));
  setText('trades', formatCount(now?.trades_per_second ?? null));
  const [size, unit] = bytesParts(now?.bytes_per_second ?? null);
  setText('bytes', size);
  setText('bytes-unit', unit === '' ? 'per second' : `${unit}/s`);
  setText('messages-more', `${formatCount(minute?.messages_per_second ?? null)} over a minute`);
  setText('trades-more', `${formatCount(minute?.trades_per_second ?? null)} over a minute`);
  setText('bytes-more', `${formatBytes(minute?.bytes_per_second ?? null)}/s over a minute`);
  setText('lag', formatCount(lag.messages));
  const measured = lag.messages === null ? 'not known' : 'being measured';
  setText('lag-more', lag.trend === null ? measured : TRENDS[lag.trend]);
  setText('behind', formatSeconds(lag.seconds));
  const eta = lag.trend === 'catching-up' && lag.eta_seconds !== null;
  setText(
    'behind-more',
    eta
      ? `at the head in ${formatSeconds(lag.eta_seconds)}`
      : lag.seconds === 0
        ? 'nothing waits'
        : lag.seconds === null
          ? 'not known'
          : 'age of the first that waits',
  );
  setText('latency', formatSeconds(latency.end_to_end.p99_seconds));
  setText('latency-more', `median ${formatSeconds(latency.end_to_end.p50_seconds)}, over 5 min`);
  const since = `${formatSeconds(report.uptime_seconds)} up, since ${formatClock(report.started_at)}`;
  setText('about', `${report.version} · ${since} · over ${report.http_transport} · ${report.owner}`);
}

/** Shares of the last minute by stage, and percentiles of the last minutes. */
export function showStages({ stall, latency }) {
  const worst = stall.stage;
  const text =
    worst === null
      ? 'Nothing holds the flow up.'
      : `${formatPercent(stall.shares[worst])} of the last minute went into ${STAGES[worst][1]}.`;
  setText('stall-text', text);
  const stages = Object.entries(STAGES).map(([stage, [name]]) => {
    // Rounded, so that a bar is not drawn anew for what nobody sees.
    return { name, share: Math.round(stall.shares[stage] * 100) / 100, worst: stage === worst };
  });
  fill('stages', stages, ({ name, share, worst: most }) => {
    const bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, make('i'));
    bar.firstChild.style.width = `${share * 100}%`;
    return make(
      'li',
      { class: most ? 'worst' : null },
      make('span', {}, name),
      bar,
      make('b', {}, formatPercent(share)),
    );
  });
  const rows = [{ name: 'Kafka to commit', ...latency.end_to_end }];
  for (const { stage, ...row } of latency.stages) rows.push({ name: LATENCY_STAGES[stage] ?? stage, ...row });
  fill('latencies', rows, ({ name, p50_seconds, p95_seconds, p99_seconds }) => {
    const cells = [p50_seconds, p95_seconds, p99_seconds].map((value) =>
      make('td', { class: 'number' }, formatSeconds(value)),
    );
    return make('tr', {}, make('th', { scope: 'row' }, name), ...cells);
  });
}

/** Workers, database, broker and memory: how each is, and how full. */
export function showParts({ workers, database, kafka, redis, memory, gaps }) {
  const broker = kafka.connected ? (kafka.group_steady ? 'connected' : 'connected, group not steady') : 'not connected';
  const databaseText = {
    closed: database.reachable ? 'answers' : 'does not answer',
    'half-open': 'being tried again',
    open: `left alone for ${formatSeconds(database.breaker_open_seconds)}`,
  }[database.breaker];
  const items = [
    { name: 'Kafka', value: broker, tone: kafka.connected ? (kafka.group_steady ? 'good' : 'busy') : 'bad' },
    {
      name: 'PostgreSQL',
      value: databaseText,
      more: `circuit breaker ${database.breaker}`,
      tone: database.breaker === 'open' ? 'bad' : database.reachable && database.breaker === 'closed' ? 'good' : 'warn',
    },
    {
      name: 'Workers',
      value: `${workers.busy} of ${workers.threads} busy`,
      more: `${workers.queued} slabs wait · ${formatWhole(workers.restarts)} restarts`,
      tone: workers.threads === 0 ? 'bad' : workers.restarts > 0 ? 'warn' : 'good',
      share: workers.threads === 0 ? 0 : workers.busy / workers.threads,
    },
    {
      name: 'Memory in flight',
      value: `${formatBytes(memory.inflight_bytes)} of ${formatBytes(memory.budget_bytes)}`,
      more: memory.held ? 'spent: reading waits' : 'reading goes on',
      tone: memory.held ? 'warn' : 'good',
      share: Math.round((memory.inflight_bytes / memory.budget_bytes) * 100) / 100,
    },
  ];
  if (redis !== undefined) {
    items.push({
      name: 'Redis',
      value: redis.connected ? `${formatWhole(redis.published)} published` : 'not connected',
      more: `${formatWhole(redis.dropped)} dropped · circuit breaker ${redis.breaker}`,
      tone: redis.connected && redis.breaker === 'closed' ? 'good' : 'warn',
    });
  }
  if (gaps > 0) {
    items.push({ name: 'Gaps', value: `${formatWhole(gaps)} recorded`, more: 'see ingest_gaps', tone: 'warn' });
  }
  fill('parts', items, ({ name, value, more, tone, share }) => {
    const content = make('dd', {}, make('b', {}, value));
    if (share !== undefined) {
      const bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, make('i'));
      bar.firstChild.style.width = `${Math.min(1, share) * 100}%`;
      content.append(bar);
    }
    if (more !== undefined) content.append(make('small', {}, more));
    return make('div', { 'data-tone': tone }, make('dt', {}, name), content);
  });
}
