import { EngineError } from '../../errors.js';
import type { Asked } from '../../sink/privileges.js';
import type { ReferenceHour } from './compare.js';
import type { Span } from './queries.js';

const HOUR_MS = 3_600_000;

/**
 * The hours of a CSV file: a header line, then `hour,trades,volume_usd` for each hour, or `timestamp,amount_usd` for each trade;
 * other columns are passed over. Times are ISO 8601, in UTC where they name no zone. Throws CONFIG_INVALID, naming the line.
 */
export function csvReference(text: string, { sinceMs, untilMs }: Span): ReferenceHour[] {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const columns = fieldsOf(head).map((name) => name.trim().toLowerCase());
  const hourly = columns.includes('hour') && columns.includes('trades');
  const timeAt = columns.indexOf(hourly ? 'hour' : 'timestamp');
  const usdAt = columns.indexOf(hourly ? 'volume_usd' : 'amount_usd');
  if (timeAt < 0)
    throw wrong(
      `wants the columns hour, trades and volume_usd, or timestamp and amount_usd; has ${columns.join(', ')}`,
    );
  const tradesAt = columns.indexOf('trades');
  const hours = new Map<number, { hourMs: number; trades: number; volumeUsd: number | null }>();
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const fields = fieldsOf(line);
    const where = `line ${index + 2}`;
    const timeMs = timeMsOf(fields[timeAt] ?? '', where);
    if (timeMs < sinceMs || timeMs >= untilMs) continue;
    const trades = hourly ? numberOf(fields[tradesAt] ?? '', where) : 1;
    if (trades === null) throw wrong(`${where}: trades is empty`);
    const usd = usdAt < 0 ? null : numberOf(fields[usdAt] ?? '', where);
    const hourMs = timeMs - (timeMs % HOUR_MS);
    const hour = hours.get(hourMs) ?? { hourMs, trades: 0, volumeUsd: null };
    hours.set(hourMs, hour);
    hour.trades += trades;
    if (usd !== null) hour.volumeUsd = (hour.volumeUsd ?? 0) + usd;
  }
  return [...hours.values()].sort((a, b) => a.hourMs - b.hourMs);
}

/**
 * The hours of a table or view: of columns hour, trades and volume_usd, or of timestamp and amount_usd, a row per trade. Rejects
 * with CONFIG_INVALID where there is none of the name, or it has neither.
 */
export async function tableReference(
  asked: Asked,
  table: string,
  { sinceMs, untilMs }: Span,
): Promise<ReferenceHour[]> {
  const columns = await asked.rows<{ name: string; relation: string }>(
    `SELECT a.attname AS name, a.attrelid::regclass::text AS relation FROM pg_attribute a
       WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
  const has = (name: string) => columns.some((column) => column.name === name);
  const relation = columns[0]?.relation;
  if (relation === undefined) throw wrong(`there is no table or view ${table}`);
  const hourly = has('hour') && has('trades');
  if (!hourly && !has('timestamp'))
    throw wrong(`${table} wants the columns hour, trades and volume_usd, or timestamp and amount_usd`);
  const time = hourly ? 'hour' : '"timestamp"';
  const trades = hourly ? 'sum(trades)' : 'count(*)';
  const usd = hourly ? has('volume_usd') && 'sum(volume_usd)' : has('amount_usd') && 'sum(amount_usd)';
  // A time without a zone is UTC, whatever the session's is: begin() sets that.
  const rows = await asked.rows<{ hour: Date; trades: string; usd: number | null }>(
    `SELECT date_trunc('hour', ${time}::timestamptz, 'UTC') AS hour, ${trades} AS trades, (${usd || 'NULL'})::float8 AS usd
       FROM ${relation} WHERE ${time} >= $1::timestamptz AND ${time} < $2::timestamptz GROUP BY 1 ORDER BY 1`,
    [new Date(sinceMs).toISOString(), new Date(untilMs).toISOString()],
  );
  return rows.map(({ hour, trades: count, usd: volume }) => ({
    hourMs: hour.getTime(),
    trades: Number(count),
    volumeUsd: volume,
  }));
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function timeMsOf(text: string, where: string): number {
  const plain = text
    .trim()
    .replace(' ', 'T')
    .replace(/([+-]\d\d)$/, '$1:00');
  const timeMs = /^\d{4}-\d\d-\d\dT\d/.test(plain)
    ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(plain) ? plain : `${plain}Z`)
    : Number.NaN;
  if (Number.isNaN(timeMs)) throw wrong(`${where}: ${JSON.stringify(text)} is no time as 2026-08-01T12:00:00Z`);
  return timeMs;
}

function numberOf(text: string, where: string): number | null {
  if (/^(|null|\\N)$/i.test(text.trim())) return null;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw wrong(`${where}: ${JSON.stringify(text)} is no number`);
}

function wrong(text: string): EngineError {
  return new EngineError('CONFIG_INVALID', `--reference: ${text}`);
}
