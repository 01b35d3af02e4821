import { duration } from '../../observe/dashboard/words.js';
import type { GroupStatus } from './group-status.js';

/** Where a group stands, for people. */
export function statusText(status: GroupStatus): string {
  const { group, topic, partitions } = status;
  const rows = partitions.map(({ partition, stored, held, lag, ownerUp }) => [
    String(partition),
    stored === null ? '-' : `${stored.owner}${ownerUp ? '' : ' (not up)'}`,
    number(stored?.epoch ?? null),
    number(stored?.nextOffset ?? null),
    number(held?.high ?? null),
    number(lag),
    stored?.committedAtMs == null ? '-' : `${duration(Date.parse(status.at) - stored.committedAtMs)} ago`,
  ]);
  return [
    `${group} on ${topic}, ${status.at}`,
    '',
    ...table(['partition', 'owner', 'epoch', 'next offset', 'end', 'lag', 'landed last'], rows),
    '',
    lagLine(status),
    ownersLine(status),
    ...status.engines.map((engine) =>
      engine.error === null
        ? `engine ${engine.url}: ${[engine.state, engine.colour, engine.version, `breaker ${engine.breaker}`, ...engine.reasons].filter((part) => part !== null).join(', ')}`
        : `engine ${engine.url}: no answer (${engine.error})`,
    ),
    ...status.expired.map((one) => `partition ${one}: offsets expired before they were read; see ingest_gaps`),
    ...status.missing,
  ].join('\n');
}

/** The line of progress: how far behind, at what pace, until when. */
export function lagLine({ lag, pace, etaSeconds }: Pick<GroupStatus, 'lag' | 'pace' | 'etaSeconds'>): string {
  if (lag === null) return 'lag unknown';
  const behind = lag === 0 ? 'at the head' : `${number(lag)} messages behind`;
  if (pace === null) return behind;
  const rates = `${rate(pace.landed)}/s landed, ${rate(pace.produced)}/s produced`;
  if (lag === 0) return `${behind}; ${rates}`;
  const eta = etaSeconds === null ? 'the gap does not close' : `at the head in ${duration(etaSeconds * 1_000)}`;
  return `${behind}; ${rates}; ${eta}`;
}

function ownersLine({ owners, balanced, unowned }: GroupStatus): string {
  if (owners.length === 0) return 'no partition has been claimed yet';
  const up = owners.filter((owner) => owner.up).length;
  const shares = owners.map(({ owner, partitions }) => `${owner} ${partitions}`).join(', ');
  const text = `${up} of ${owners.length} owners up: ${shares} (${balanced ? 'evenly shared' : 'unevenly shared'})`;
  return unowned.length === 0 ? text : `${text}; nobody reads partitions ${unowned.join(', ')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 1 || i === 6 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

function number(value: number | null): string {
  return value === null ? '-' : value.toLocaleString('en-US');
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1);
}
